//! Posts: every page that should show a post shows it.

use crudder_domain::{Invalid, SearchTerms};

use crate::contracts;
use crate::sample::*;
use crate::test_table::TestTable;

contracts! {
    async fn home_the_authors_page_search_and_its_own_page_show_a_post(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "Worf").await;
        let written = post(&store, &worf, "Cloud is fun!", "7-days", now).await;

        assert_eq!(store.home(first(40), now).await.unwrap().content, vec![written.clone()]);
        let page = store.user_page(&handle("worf"), first(40), now).await.unwrap().content;
        assert_eq!((page.profile.cruds_count, page.activities), (1, vec![written.clone()]));
        let terms = SearchTerms::parse(Some("CLOUD")).unwrap();
        assert_eq!(store.search(&terms, first(40), now).await.unwrap().content, vec![written.clone()]);
        let page = store.show_activity(written.uuid, first(40), now).await.unwrap().content;
        assert_eq!((page.activity, page.replies), (written, vec![]));
    }

    async fn any_text_is_stored_unchanged(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "worf").await;
        let longest = "🦀".repeat(280);
        for text in ["a\0b", " ", "\u{202e}مرحبا\u{202c} שלום", "e\u{301} é", "🏳️‍🌈👩‍👩‍👧‍👦", "\r\n\t", "\u{feff}x", "\\\"</script>", &longest] {
            let written = post(&store, &worf, text, "1-day", now).await;
            let page = store.show_activity(written.uuid, first(1), now).await.unwrap().content;
            assert_eq!(page.activity.message.as_str(), text);
            assert!(all_of_home(&store, 40, now).await.iter().any(|shown| shown.message.as_str() == text), "{text:?}");
        }
    }

    async fn the_largest_posts_are_stored_and_found(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let worf = person(&store, "worf").await;
        let letters: String = ('a'..='z').chain('α'..='ω').chain('а'..='я').flat_map(|letter| [letter, ' ']).collect();
        let ideographs: String = ('\u{4e00}'..).take(280).collect();
        let ligatures = "\u{fdfa}".repeat(280);
        for text in [letters.trim_end(), &ideographs, &ligatures] {
            let written = post(&store, &worf, text, "1-day", now).await;
            let first_word: String = text.chars().take(1).collect();
            let terms = SearchTerms::parse(Some(&first_word)).unwrap();
            assert_eq!(store.search(&terms, first(40), now).await.unwrap().content, [written], "{text}");
        }
    }

    async fn a_user_who_never_signed_up_cannot_post(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let result = try_post(&store, &stranger(), "hello", "1-day", now).await;
        assert_eq!(invalid(result), Some(Invalid::CallerUnknown));
        assert_eq!(store.home(first(40), now).await.unwrap().content, []);
    }

    async fn an_unknown_activity_is_not_found(table: &TestTable) {
        let (store, now) = (table.store().await, now());
        let id = crudder_domain::ActivityId::at(now);
        assert!(is_not_found(&store.show_activity(id, first(40), now).await));
    }
}
