//! Users: each has one unique handle, is found by it, and can change their own profile.

use std::collections::BTreeSet;

use crudder_domain::{Invalid, ProfileDraft, ProfileUpdate};
use futures::future::join_all;
use serde_json::json;

use crate::contracts;
use crate::sample::*;
use crate::test_table::TestTable;

fn update(name: &str, bio: &str) -> ProfileUpdate {
    let draft: ProfileDraft = serde_json::from_value(json!({ "display_name": name, "bio": bio })).unwrap();
    draft.check().unwrap()
}

contracts! {
    async fn signing_up_twice_changes_nothing(table: &TestTable) {
        let store = table.store().await;
        let worf = newcomer("worf");
        let once = store.sign_up(&worf).await.unwrap();
        store.update_profile(&once.sub, &update("Worf, son of Mogh", "Klingon")).await.unwrap();
        let twice = store.sign_up(&worf).await.unwrap();
        assert_eq!((twice.handle.as_str(), twice.display_name.as_str()), ("worf", "Worf, son of Mogh"));
    }

    async fn a_taken_handle_gets_a_suffix_of_the_sub(table: &TestTable) {
        let store = table.store().await;
        let (one, other) = (newcomer("Worf"), newcomer("worf"));
        assert_eq!(store.sign_up(&one).await.unwrap().handle.as_str(), "Worf");
        let second = store.sign_up(&other).await.unwrap();
        assert_eq!(second.handle.as_str(), format!("worf-{}", &other.sub.as_str()[..4]));
        assert_eq!(store.user_short(&second.handle).await.unwrap().uuid, other.sub.user_id());
        assert_eq!(store.user_short(&handle("WORF")).await.unwrap().uuid, one.sub.user_id());
    }

    async fn ten_concurrent_sign_ups_with_one_handle_get_ten_handles(table: &TestTable) {
        let store = table.store().await;
        let users = join_all((0..10).map(|_| newcomer("worf")).map(async |who| store.sign_up(&who).await.unwrap())).await;
        let handles: BTreeSet<&str> = users.iter().map(|user| user.handle.key()).collect();
        assert_eq!(handles.len(), 10, "{handles:?}");
        assert!(handles.contains("worf"));
        for user in &users {
            assert_eq!(store.user_short(&user.handle).await.unwrap(), user.short());
        }
    }

    async fn ten_concurrent_sign_ups_of_one_user_create_one_user(table: &TestTable) {
        let store = table.store().await;
        let worf = newcomer("worf");
        let users = join_all((0..10).map(async |_| store.sign_up(&worf).await.unwrap())).await;
        assert!(users.iter().all(|user| user.handle.as_str() == "worf"), "{users:?}");
    }

    async fn a_changed_profile_is_found_by_handle_and_by_sub(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "worf").await;
        let before = store.user_page(&worf.handle, first(40), now).await.unwrap().content.profile;
        assert_eq!(before.bio, None);
        let short = store.update_profile(&worf.sub, &update("Worf, son of Mogh", "a\0b")).await.unwrap();
        assert_eq!(short.display_name.as_str(), "Worf, son of Mogh");
        assert_eq!(store.user_short(&worf.handle).await.unwrap(), short);
        let profile = store.user_page(&worf.handle, first(40), now).await.unwrap().content.profile;
        assert_eq!(profile.display_name, short.display_name);
        assert_eq!(profile.bio.unwrap().as_str(), "a\0b");
    }

    async fn an_unknown_user_has_no_page_and_no_profile(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        assert!(is_not_found(&store.user_short(&handle("nobody")).await));
        assert!(is_not_found(&store.user_page(&handle("nobody"), first(40), now).await));
        assert!(is_not_found(&store.user_by_sub(&stranger()).await));
        let result = store.update_profile(&stranger(), &update("N", "")).await;
        assert_eq!(invalid(result), Some(Invalid::CallerUnknown));
    }
}
