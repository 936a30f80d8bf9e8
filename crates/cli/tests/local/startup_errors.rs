//! Tests that an error at startup names its cause and the fix.

use std::net::TcpListener;

use rustix::process::Signal;

use crate::local_process::{LocalProcess, bare_local, binaries, crudder_local, finish};

#[tokio::test]
async fn a_port_in_use_is_reported_with_its_flag() {
    let (data, taken) = (tempfile::tempdir().unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = taken.local_addr().unwrap().port();
    for (flag, other) in [("--port", "--console-port"), ("--console-port", "--port")] {
        let mut command = bare_local();
        command
            .args([flag, &port.to_string(), other, "0", "--data"])
            .arg(data.path())
            .arg("--functions")
            .arg(binaries());
        let (success, out, err) = finish(command).await;
        assert!(!success && out.is_empty());
        assert!(err.contains(&format!("127.0.0.1:{port}")) && err.contains(&format!("another with {flag},")), "{err}");
    }
}

#[tokio::test]
async fn a_data_folder_in_use_is_reported() {
    let data = tempfile::tempdir().unwrap();
    let local = LocalProcess::start(crudder_local(data.path())).await;
    let (success, _, err) = finish(crudder_local(data.path())).await;
    assert!(!success);
    assert!(err.contains(data.path().to_str().unwrap()) && err.contains("--data"), "{err}");
    assert_eq!(local.get("/api/health-check").await.0, 200, "the first process still serves");
    local.end(Signal::INT).await;
}

#[tokio::test]
async fn an_invalid_value_is_reported_with_its_variable() {
    let data = tempfile::tempdir().unwrap();
    let mut command = crudder_local(data.path());
    command.env("CRUDDER_FAULTS", "maybe");
    let (success, _, err) = finish(command).await;
    assert!(!success);
    assert_eq!(err.trim_end(), r#"error: failed to read CRUDDER_FAULTS: expected on or off, got "maybe""#);
}

#[tokio::test]
async fn it_does_not_start_outside_the_workspace() {
    let data = tempfile::tempdir().unwrap();
    let mut command = crudder_local(data.path());
    command.current_dir(data.path());
    let (success, _, err) = finish(command).await;
    assert!(!success);
    assert!(err.contains("template.yaml"), "{err}");
}

#[tokio::test]
async fn missing_binaries_are_reported() {
    let (data, empty) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut command = bare_local();
    command
        .args(["--port", "0", "--console-port", "0", "--data"])
        .arg(data.path())
        .arg("--functions")
        .arg(empty.path());
    let (success, _, err) = finish(command).await;
    assert!(!success);
    assert!(err.contains(r#"there is no binary "home-activities""#), "{err}");
}
