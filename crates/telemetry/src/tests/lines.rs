//! Log lines: their members, masked secrets, malformed events and outputs.

use std::io::Read;
use std::os::fd::AsFd;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Bench, home, ready};
use crate::log::Output;
use crate::{End, current_ids};

/// The lines of one observed piece of work.
fn lines_of(settings: &[(&str, &str)], work: impl FnOnce()) -> Vec<Value> {
    let bench = Bench::new(settings);
    bench.run(|telemetry| ready(telemetry.observe(home(), async { work() }, |()| End::http(200))));
    bench.received().lines
}

#[test]
fn a_line_has_the_reserved_members_first_and_then_its_fields() {
    let bench = Bench::new(&[]);
    let work = async {
        tracing::info!(
            limit = 40,
            level = "mine",
            share = 0.5,
            whole = 2.0,
            ok = true,
            "Hello Cloudwatch! from  /api/activities/home"
        );
        current_ids().unwrap()
    };
    let ids = bench.run(|telemetry| ready(telemetry.observe(home(), work, |_| End::http(200))));
    let mut lines = bench.received().lines;
    let timestamp = lines[0]["timestamp"].take();
    let timestamp =
        time::OffsetDateTime::parse(timestamp.as_str().unwrap(), &time::format_description::well_known::Rfc3339);
    assert_eq!(timestamp.unwrap().offset(), time::UtcOffset::UTC);
    let expected = json!({
        "timestamp": null,
        "level": "INFO",
        "message": "Hello Cloudwatch! from  /api/activities/home",
        "requestId": "8f7c2e1a",
        "trace_id": "5759e988bd862e3fe1be46a994272793",
        "xray_trace_id": "1-5759e988-bd862e3fe1be46a994272793",
        "span_id": ids.span_id,
        "route": "GET /api/activities/home",
        "limit": 40,
        "field_level": "mine",
        "share": 0.5,
        "whole": 2.0,
        "ok": true,
    });
    // Compared as text, because the order of members is part of the contract.
    assert_eq!((lines.len(), &lines[0]), (1, &expected));
    assert_eq!(lines[0].to_string(), expected.to_string());
}

#[test]
fn a_line_outside_a_request_has_no_ids() {
    let bench = Bench::new(&[]);
    bench.run(|_| tracing::info!("starting"));
    let lines = bench.received().lines;
    assert_eq!((&lines[0]["message"], lines[0].as_object().unwrap().len()), (&json!("starting"), 3));
}

#[test]
fn an_exception_is_a_nested_object() {
    let lines = lines_of(&[], || {
        tracing::error!(exception.r#type = "store::Error", after = 1, exception.message = "no\ntable", "failed");
    });
    assert_eq!(lines[0]["exception"], json!({"type": "store::Error", "message": "no\ntable"}));
    assert_eq!((&lines[0]["after"], &lines[0]["level"]), (&json!(1), &json!("ERROR")));
}

#[test]
fn secrets_and_addresses_are_masked_in_messages_fields_and_errors() {
    let lines = lines_of(&[], || {
        let error = std::io::Error::other("no such user andrew@exampro.co");
        let error: &(dyn std::error::Error + 'static) = &error;
        tracing::warn!(authorization = "abc", nested = ?("cookie", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0"), error, "Bearer abcdef");
    });
    let text = lines[0].to_string();
    for secret in ["abc", "eyJ", "exampro", "abcdef"] {
        assert!(!text.contains(&format!("\"{secret}")) && !text.contains(&format!("{secret}.")), "{secret} in {text}");
    }
    assert_eq!(lines[0]["authorization"], "[scrubbed]");
    assert_eq!(lines[0]["error"], "no such user [scrubbed]");
}

#[test]
fn the_log_level_filters_lines_and_not_reports() {
    let log = || {
        tracing::debug!("low");
        tracing::info!("middle");
        tracing::error!("high");
    };
    let messages = |level| {
        lines_of(&[("AWS_LAMBDA_LOG_LEVEL", level)], log).iter().map(|line| line["message"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(messages("DEBUG"), ["low", "middle", "high"]);
    assert_eq!(messages("WARN"), ["high"]);
    let bench = Bench::new(&[("AWS_LAMBDA_LOG_LEVEL", "FATAL")]);
    bench.run(|telemetry| ready(telemetry.observe(home(), async { log() }, |()| End::http(200))));
    let received = bench.received();
    assert_eq!((received.lines.len(), received.events().len()), (0, 1));
}

#[test]
fn a_line_never_exceeds_200_kb_and_stays_json() {
    let long = "\u{1}".repeat(200_000);
    let lines = lines_of(&[], || {
        tracing::info!(a = long, b = ?long, c = %long, d = long, e = long, f = 1, "{long}");
    });
    assert!(lines[0].to_string().len() < 200_000);
    assert!(lines[0]["message"].as_str().unwrap().ends_with("…[cut]"));
    assert!(lines[0]["fields_cut"].as_u64().unwrap() >= 1);
}

#[test]
fn a_field_that_logs_while_it_is_formatted_makes_two_lines() {
    struct Chatty;
    impl std::fmt::Debug for Chatty {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            tracing::info!("inner");
            f.write_str("chatty")
        }
    }
    let lines = lines_of(&[], || tracing::info!(field = ?Chatty, "outer"));
    // The event is visited twice, for its message and for its fields.
    assert!(lines.iter().any(|line| line["message"] == "outer" && line["field"] == "chatty"), "{lines:?}");
    assert!(lines.iter().all(|line| line["message"] == "outer" || line["message"] == "inner"));
}

#[test]
fn a_full_pipe_costs_one_line_and_no_more_than_the_timeout() {
    let (mut read, write) = std::io::pipe().unwrap();
    let output = Output::new(write.as_fd()).unwrap();
    let line = vec![b'x'; 4_095].into_iter().chain([b'\n']).collect::<Vec<_>>();
    let mut written = 0;
    while output.lost() == 0 {
        output.write(&line);
        written += 1;
        assert!(written < 1_000, "no pipe is that large");
    }
    let mut first = vec![0; 4_096];
    read.read_exact(&mut first).unwrap();
    assert_eq!(first, line);
    output.write(b"and on\n");
    assert_eq!(output.lost(), 1, "the pipe had space again");
}

#[test]
fn the_line_after_a_torn_line_begins_with_a_newline() {
    let (mut read, write) = std::io::pipe().unwrap();
    let output = Output::new(write.as_fd()).unwrap();
    let mut long = vec![b'x'; 300_000];
    long.push(b'\n');
    output.write(&long);
    assert_eq!(output.lost(), 1);
    let mut torn = vec![0; 65_536];
    read.read_exact(&mut torn).unwrap();
    output.write(b"whole\n");
    drop((output, write));
    let mut rest = String::new();
    read.read_to_string(&mut rest).unwrap();
    assert_eq!(rest.trim_start_matches('x'), "\nwhole\n");
}

#[test]
fn a_line_to_a_closed_output_is_counted_as_lost() {
    let (read, write) = std::io::pipe().unwrap();
    let output = Output::new(write.as_fd()).unwrap();
    drop(read);
    output.write(b"into the void\n");
    assert_eq!(output.lost(), 1);
}

#[test]
fn a_line_to_a_file_or_a_socket_arrives_whole() {
    let mut file = tempfile::tempfile().unwrap();
    Output::new(file.as_fd()).unwrap().write(b"a line\n");
    std::io::Seek::rewind(&mut file).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "a line\n");
    let (mut here, there) = std::os::unix::net::UnixStream::pair().unwrap();
    Output::new(there.as_fd()).unwrap().write(b"a line\n");
    drop(there);
    text.clear();
    here.read_to_string(&mut text).unwrap();
    assert_eq!(text, "a line\n");
}

proptest! {
    #[test]
    fn any_message_and_field_make_one_json_line_that_reads_back(message in any::<String>(), text in any::<String>(), number in any::<i64>(), float in any::<f64>()) {
        let lines = lines_of(&[], || tracing::info!(text, debugged = ?text, number, float, "{message}"));
        prop_assert_eq!(lines.len(), 1);
        let line = &lines[0];
        prop_assert_eq!(line["message"].as_str().unwrap(), crate::scrub(&message));
        prop_assert_eq!(line["text"].as_str().unwrap(), crate::scrub(&text));
        let debugged = format!("{text:?}");
        prop_assert_eq!(line["debugged"].as_str().unwrap(), crate::scrub(&debugged));
        prop_assert_eq!(line["number"].as_i64(), Some(number));
        match line["float"].as_f64() {
            Some(read) => prop_assert!((read - float).abs() <= float.abs() * 1e-15, "{} {}", read, float),
            None => prop_assert!(!float.is_finite()),
        }
    }
}
