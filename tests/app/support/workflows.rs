//! Workflows as people make them on the pages.

use super::{Browser, Page};

pub const WORKFLOWS: &str = "/w/acme/workflows";

impl Browser {
    pub async fn submit_workflow(&mut self, fields: &[(&str, &str)]) -> Page {
        let new = format!("{WORKFLOWS}/new");
        let id = self.get(&new).await.attributes("input[name=id]", "value").remove(0);
        self.submit(&new, &new, &[&[("id", id.as_str())], fields].concat()).await
    }

    /// Registers a workflow for test keys and gives its id.
    pub async fn add_workflow(&mut self, name: &str, external: &str) -> String {
        let fields = [("name", name), ("environment", "test"), ("external_id", external)];
        let page = self.submit_workflow(&fields).await;
        assert_eq!(page.status, 303, "{}", page.text);
        page.location().rsplit('/').next().unwrap().to_owned()
    }

    /// Adds a node and gives its id.
    pub async fn add_node(&mut self, workflow: &str, key: &str, node_type: &str) -> String {
        let page = self.change_workflow(workflow, "nodes", &[("key", key), ("node_type", node_type)]).await;
        assert_eq!(page.status, 303, "{}", page.text);
        self.node_id(workflow, key).await
    }

    pub async fn node_id(&mut self, workflow: &str, key: &str) -> String {
        let page = self.get(&format!("{WORKFLOWS}/{workflow}")).await;
        let html = scraper::Html::parse_document(&page.text);
        let links = scraper::Selector::parse(".what > a.strong").unwrap();
        let link = html.select(&links).find(|link| link.text().collect::<String>() == key).expect("a node of this key");
        link.value().attr("href").unwrap().rsplit('/').next().unwrap().to_owned()
    }

    /// Sends a form of the workflow's pages.
    pub async fn change_workflow(&mut self, workflow: &str, what: &str, fields: &[(&str, &str)]) -> Page {
        self.submit("/account", &format!("{WORKFLOWS}/{workflow}/{what}"), fields).await
    }

    pub async fn bind(&mut self, workflow: &str, node: &str, secret: &str) -> Page {
        self.change_workflow(workflow, &format!("nodes/{node}/bind"), &[("secret", secret)]).await
    }

    /// A workflow with one bound Stripe node “charge”, and the node's id.
    pub async fn add_bound(&mut self, name: &str, secret: &str) -> (String, String) {
        let workflow = self.add_workflow(name, "").await;
        let node = self.add_node(&workflow, "charge", "stripe").await;
        let bound = self.bind(&workflow, &node, secret).await;
        assert_eq!(bound.status, 303, "{}", bound.text);
        (workflow, node)
    }

    pub async fn let_run(&mut self, workflow: &str, token: &str) -> Page {
        self.change_workflow(workflow, "tokens", &[("token_id", token)]).await
    }

    pub async fn workflow_page(&mut self, workflow: &str) -> Page {
        self.get(&format!("{WORKFLOWS}/{workflow}")).await
    }
}
