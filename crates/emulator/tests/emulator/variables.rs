//! The environment variables of the function and of its extension.

use std::collections::BTreeSet;

use crate::support::FixtureConfig;

#[tokio::test]
async fn function_and_extension_get_lambdas_variables_and_no_others() {
    let config = FixtureConfig {
        configure: |config| {
            config.xray_daemon = Some(([127, 0, 0, 1], 2000).into());
            config.tmp_files.insert("RING_FILE".to_owned(), "ring".to_owned());
        },
        ..FixtureConfig::with_extension("")
    };
    let mut fixture = config.variable("OWN", "yes").start();
    let seen = fixture.response(r#"{"do":"environment"}"#).await;
    let expected = [
        ("AWS_REGION", "ca-central-1"),
        ("AWS_DEFAULT_REGION", "ca-central-1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "test-function"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/test-function"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"),
        ("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000"),
        ("_AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1"),
        ("_AWS_XRAY_DAEMON_PORT", "2000"),
        ("_HANDLER", "bootstrap"),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
        ("TZ", ":UTC"),
        ("OWN", "yes"),
        ("EXTENSION_BEHAVIOR", ""),
    ];
    for (name, value) in expected {
        assert_eq!(seen[name], value, "{name}");
    }
    let environment = fixture.environment();
    let tmp = environment.folder.join("tmp");
    assert_eq!(seen["TMPDIR"], tmp.to_str().expect("UTF-8"));
    assert_eq!(seen["RING_FILE"], tmp.join("ring").to_str().expect("UTF-8"));
    assert_eq!(seen["AWS_LAMBDA_RUNTIME_API"], environment.runtime_api);
    let others = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "TMPDIR",
        "RING_FILE",
        "LAMBDA_EMULATOR_MARKER",
    ];
    let expected: BTreeSet<&str> = expected.iter().map(|(name, _)| *name).chain(others).collect();
    let names: BTreeSet<&str> = seen.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, expected);

    let line = fixture.wait_for_line("variables ").await.line;
    let extension_names: BTreeSet<String> = serde_json::from_str(&line["variables ".len()..]).expect("JSON");
    let hidden = [
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_XRAY_CONTEXT_MISSING",
        "AWS_XRAY_DAEMON_ADDRESS",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "_AWS_XRAY_DAEMON_ADDRESS",
        "_AWS_XRAY_DAEMON_PORT",
        "_HANDLER",
    ];
    let visible: BTreeSet<String> =
        expected.iter().filter(|name| !hidden.contains(name)).map(|name| (*name).to_owned()).collect();
    assert_eq!(extension_names, visible);
    fixture.shutdown().await;
}
