//! Sharing one's own secret, as its page does.

use super::{Browser, Page};

pub fn share_path(id: &str) -> String {
    format!("/w/acme/secrets/{id}/sharing")
}

impl Browser {
    /// Opens the page of a secret's sharing and sends its form with these choices.
    pub async fn share_as(&mut self, id: &str, sharing: &str, more: &[(&str, &str)]) -> Page {
        let path = share_path(id);
        let form = self.get(&path).await;
        let seen = form.attributes("input[name=seen]", "value").pop().unwrap_or_default();
        let fields = [("sharing", sharing), ("seen", &seen)];
        self.submit("/account", &path, &[&fields, more].concat()).await
    }

    /// Shares it with these members alone.
    pub async fn share_with(&mut self, id: &str, people: &[&str]) {
        let with: Vec<(&str, &str)> = people.iter().map(|person| ("with", *person)).collect();
        let page = self.share_as(id, "members", &with).await;
        assert_eq!(page.status, 303, "{}", page.text);
        assert_eq!(page.location(), format!("/w/acme/secrets/{id}"));
    }
}
