//! Help texts with examples for each subcommand, and completions for each shell.

use crate::support::run;

#[tokio::test]
async fn the_help_of_each_subcommand_has_examples_and_fits_into_100_columns() {
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
async fn the_completions_of_each_shell_contain_every_subcommand() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell], &[]).await;
        assert_eq!(output.code, Some(0), "{shell}");
        for command in ["local", "doctor", "trace", "replay", "dry-run"] {
            assert!(output.out.contains(command), "{shell} lacks {command}");
        }
    }
}
