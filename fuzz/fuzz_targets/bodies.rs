//! Request bodies: each is a draft or an error, and a published draft follows the rules of the
//! domain.
#![no_main]

use crudder_domain::{Draft, MessageDraft, Moment, ProfileDraft, ReplyDraft, Sub};
use libfuzzer_sys::fuzz_target;

const PARENT: &str = "0190a5d6-a000-7000-8000-00000000abcd";

fuzz_target!(|body: &[u8]| {
    let author = Sub::parse("fuzz").expect("a plain word is a sub");
    let now = Moment::from_micros(1_790_000_000_000_000);
    if let Ok(Ok(post)) = serde_json::from_slice::<Draft>(body).map(|draft| draft.publish(&author, now)) {
        let length = post.message.as_str().chars().count();
        assert!((1..=280).contains(&length));
        assert!(post.expires_at > now);
    }
    if let Ok(Ok(reply)) = serde_json::from_slice::<ReplyDraft>(body).map(|draft| draft.reply(&author, PARENT, now)) {
        assert!((1..=1024).contains(&reply.message.as_str().chars().count()));
    }
    if let Ok(Ok(letter)) = serde_json::from_slice::<MessageDraft>(body).map(|draft| draft.send(&author, now)) {
        assert!((1..=1024).contains(&letter.message.as_str().chars().count()));
    }
    if let Ok(Ok(update)) = serde_json::from_slice::<ProfileDraft>(body).map(ProfileDraft::check) {
        assert!(!update.display_name.as_str().is_empty());
    }
});
