//! What each kind of seal is bound to.

use crate::domain::keys::{Hook, WrappedDataKey};
use crate::domain::{DataKeyId, FlowId, JobId, OrganizationId, SecretId, WebhookId, WorkspaceId};

use super::keyring::ImportOf;
use super::sealed::Context;

const VALUE_COLUMN: &str = "secret_values.blob";

pub(super) fn installation_context(purpose: &str) -> Context<'_> {
    Context {
        purpose: "installation key",
        workspace: None,
        hook: None,
        row: purpose,
        column: "installation_keys.blob",
        number: 0,
    }
}

pub(super) fn workspace_context(workspace: &WorkspaceId) -> Context<'_> {
    Context {
        purpose: "workspace key",
        workspace: Some(workspace),
        hook: None,
        row: workspace.as_str(),
        column: "workspaces.key_blob",
        number: 0,
    }
}

pub(super) fn work_context(job: &JobId) -> Context<'_> {
    Context {
        purpose: "queued work",
        workspace: None,
        hook: None,
        row: job.as_str(),
        column: "jobs.payload",
        number: 0,
    }
}

/// The number tells the key that signs from the one that takes over, wherever the two stand.
pub(super) fn signing_context<'a>(workspace: &'a WorkspaceId, webhook: &'a WebhookId, number: i64) -> Context<'a> {
    Context {
        purpose: "webhook signing key",
        workspace: Some(workspace),
        hook: None,
        row: webhook.as_str(),
        column: "webhooks.key_blob",
        number,
    }
}

pub(super) fn errand_context(flow: &FlowId) -> Context<'_> {
    Context { purpose: "errand", workspace: None, hook: None, row: flow.as_str(), column: "flows.payload", number: 0 }
}

pub(super) fn import_context<'a>(of: &ImportOf<'a>) -> Context<'a> {
    Context {
        purpose: of.person.as_str(),
        workspace: Some(of.workspace),
        hook: None,
        row: of.import.as_str(),
        column: "imports.payload",
        number: 0,
    }
}

pub(super) fn data_key_context<'a>(
    workspace: &'a WorkspaceId,
    hook: &'a Hook,
    id: &'a DataKeyId,
    generation: i32,
) -> Context<'a> {
    Context {
        purpose: "data key",
        workspace: Some(workspace),
        hook: Some((&hook.node_type, hook.environment)),
        row: id.as_str(),
        column: "data_keys.blob",
        number: i64::from(generation),
    }
}

pub(super) fn value_context<'a>(key: &'a WrappedDataKey, secret: &'a SecretId, number: i64) -> Context<'a> {
    Context {
        purpose: "secret",
        workspace: Some(&key.workspace_key.workspace),
        hook: Some((&key.hook.node_type, key.hook.environment)),
        row: secret.as_str(),
        column: VALUE_COLUMN,
        number,
    }
}

/// The client that an organization brings is none for the workspace, nor for another organization.
pub(super) fn client_context<'a>(
    key: &'a WrappedDataKey,
    organization: Option<&'a OrganizationId>,
    number: i64,
) -> Context<'a> {
    let (row, column) = match organization {
        None => (key.hook.node_type.as_str(), "oauth_clients.blob"),
        Some(organization) => (organization.as_str(), "organization_settings.blob"),
    };
    Context {
        purpose: "oauth client",
        workspace: Some(&key.workspace_key.workspace),
        hook: Some((&key.hook.node_type, key.hook.environment)),
        row,
        column,
        number,
    }
}
