//! The command's own words: help with examples for each subcommand, completions for each shell.

use crate::support::run;

#[tokio::test]
async fn each_subcommand_explains_itself_with_examples() {
    let all = run(&["--help"], &[]).await;
    for command in ["local", "doctor", "trace", "replay", "completions"] {
        assert!(all.out.contains(&format!("\n  {command} ")), "{}", all.out);
        let one = run(&[command, "--help"], &[]).await;
        assert_eq!(one.code, Some(0));
        assert!(one.out.contains("Examples:") && one.out.contains(&format!("crudder {command}")), "{}", one.out);
        let widest = one.out.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 100, "{command}: {widest} columns");
    }
}

#[tokio::test]
async fn completions_know_every_subcommand_in_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = run(&["completions", shell], &[]).await;
        assert_eq!(ended.code, Some(0), "{shell}");
        for command in ["local", "doctor", "trace", "replay", "dry-run"] {
            assert!(ended.out.contains(command), "{shell} does not know {command}");
        }
    }
}
