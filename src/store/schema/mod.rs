//! The tables, as both databases have them. Kept by hand: the types are those that the two share.

mod connecting;
mod connections;
mod consumers;
mod drafts;
mod machines;
mod outgoing;
mod remembered;
mod usage;
mod ways;

pub(super) use connecting::{connect_pages, connect_sessions};
pub(super) use connections::{oauth_clients, organization_settings, token_sets};
pub(super) use consumers::{nodes, rotation_items, rotations, workflow_tokens, workflows};
pub(super) use drafts::{flows, imports};
pub(super) use machines::{events, repeats};
pub(super) use outgoing::{deliveries, ends_told, webhooks};
pub(super) use remembered::{calendars, reminders};
pub(super) use usage::{oddities, secret_origins, secret_uses, usage_hours};
pub(super) use ways::{identities, workspace_domains};

diesel::table! {
    installation_keys (purpose) {
        purpose -> Text,
        master -> Text,
        blob -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    master_checks (master) {
        master -> Text,
        mac -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    links (id) {
        id -> Text,
        purpose -> Text,
        mac -> Binary,
        email -> Nullable<Text>,
        person_id -> Nullable<Text>,
        expires_at -> BigInt,
        spent_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    invitations (id) {
        id -> Text,
        workspace_id -> Text,
        email -> Text,
        email_key -> Text,
        role -> Text,
        message -> Nullable<Text>,
        inviter_id -> Text,
        link_id -> Text,
        handed_on -> Bool,
        mac -> Binary,
        sent_at -> BigInt,
        expires_at -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    jobs (id) {
        id -> Text,
        kind -> Text,
        workspace_id -> Nullable<Text>,
        person_id -> Nullable<Text>,
        title -> Text,
        recipient -> Nullable<Text>,
        payload -> Binary,
        expires_at -> Nullable<BigInt>,
        tries -> Integer,
        run_at -> BigInt,
        leased_until -> Nullable<BigInt>,
        failed_at -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
        done_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    throttles (name) {
        name -> Binary,
        hits -> BigInt,
        window_ends_at -> BigInt,
    }
}

diesel::table! {
    people (id) {
        id -> Text,
        email -> Text,
        email_key -> Text,
        email_proven_at -> Nullable<BigInt>,
        name -> Text,
        password_hash -> Nullable<Text>,
        writes -> BigInt,
        created_at -> BigInt,
        last_seen_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    workspace_slugs (slug) {
        slug -> Text,
        workspace_id -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    workspaces (id) {
        id -> Text,
        slug -> Text,
        name -> Text,
        master -> Text,
        key_blob -> Binary,
        default_sharing -> Text,
        adders -> Text,
        return_addresses -> Text,
        writes -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    members (workspace_id, person_id) {
        workspace_id -> Text,
        person_id -> Text,
        role -> Text,
        joined_at -> BigInt,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        person_id -> Text,
        cookie_mac -> Binary,
        address -> Text,
        user_agent -> Text,
        created_at -> BigInt,
        seen_at -> BigInt,
        confirmed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    node_types (id) {
        id -> Text,
        workspace_id -> Text,
        slug -> Text,
        name -> Text,
        method -> Text,
        enabled -> Bool,
        description -> Nullable<Text>,
        spec -> Nullable<Text>,
        revision -> BigInt,
        organizations_bring_clients -> Bool,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    data_keys (id) {
        id -> Text,
        workspace_id -> Text,
        node_type_id -> Text,
        environment -> Text,
        generation -> Integer,
        blob -> Binary,
        seals -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    end_users (id) {
        id -> Text,
        workspace_id -> Text,
        external_id -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    organizations (id) {
        id -> Text,
        workspace_id -> Text,
        external_id -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    secrets (id) {
        id -> Text,
        workspace_id -> Text,
        node_type_id -> Text,
        environment -> Text,
        name -> Text,
        name_key -> Text,
        kind -> Text,
        owner_id -> Nullable<Text>,
        end_user_id -> Nullable<Text>,
        organization_id -> Nullable<Text>,
        connection_role -> Nullable<Text>,
        account_name -> Nullable<Text>,
        account_identifier -> Nullable<Text>,
        established_by -> Nullable<Text>,
        sharing -> Text,
        shared_until -> Nullable<BigInt>,
        delivery -> Text,
        revision -> BigInt,
        value_number -> BigInt,
        newest_number -> BigInt,
        last_four -> Nullable<Text>,
        facts -> Text,
        value_entered_at -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
        rotate_at -> Nullable<BigInt>,
        rejected_at -> Nullable<BigInt>,
        needs_reauthorization_at -> Nullable<BigInt>,
        unreadable_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        refusals -> Integer,
    }
}

diesel::table! {
    secret_values (id) {
        id -> Text,
        secret_id -> Text,
        slot -> Text,
        number -> BigInt,
        data_key_id -> Text,
        blob -> Binary,
        kind -> Text,
        last_four -> Nullable<Text>,
        facts -> Text,
        expires_at -> Nullable<BigInt>,
        rotate_at -> Nullable<BigInt>,
        rejected_at -> Nullable<BigInt>,
        kept_until -> Nullable<BigInt>,
        probed_at -> Nullable<BigInt>,
        probe_finding -> Nullable<Text>,
        probe_status -> Nullable<Integer>,
        probe_account -> Nullable<Text>,
        created_at -> BigInt,
        probe_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    secret_shares (secret_id, person_id) {
        secret_id -> Text,
        person_id -> Text,
        ends_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    tokens (id) {
        id -> Text,
        workspace_id -> Text,
        maker_id -> Text,
        name -> Text,
        name_key -> Text,
        environment -> Text,
        abilities -> Text,
        node_types -> Nullable<Text>,
        networks -> Nullable<Text>,
        calls -> Nullable<Text>,
        mac -> Binary,
        generation -> BigInt,
        renewed_at -> Nullable<BigInt>,
        previous_mac -> Nullable<Binary>,
        previous_until -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
        last_used_from -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    audit_chains (id) {
        id -> Text,
        kind -> Text,
        workspace_id -> Text,
        seq -> BigInt,
        head -> Binary,
    }
}

diesel::table! {
    audit_entries (chain_id, seq) {
        chain_id -> Text,
        seq -> BigInt,
        at -> BigInt,
        subject -> Nullable<Text>,
        actor -> Text,
        topic -> Text,
        entry -> Text,
        mac -> Binary,
    }
}

diesel::joinable!(secret_uses -> secrets (secret_id));
diesel::joinable!(secret_uses -> tokens (token_id));
diesel::joinable!(deliveries -> events (event_id));
diesel::joinable!(deliveries -> webhooks (webhook_id));
diesel::joinable!(ends_told -> secrets (secret_id));
diesel::joinable!(reminders -> secrets (secret_id));
diesel::joinable!(data_keys -> node_types (node_type_id));
diesel::joinable!(invitations -> people (inviter_id));
diesel::joinable!(invitations -> workspaces (workspace_id));
diesel::joinable!(members -> people (person_id));
diesel::joinable!(members -> workspaces (workspace_id));
diesel::joinable!(secret_values -> data_keys (data_key_id));
diesel::joinable!(secret_values -> secrets (secret_id));
diesel::joinable!(secrets -> end_users (end_user_id));
diesel::joinable!(secrets -> node_types (node_type_id));
diesel::joinable!(secrets -> organizations (organization_id));
diesel::joinable!(secrets -> people (owner_id));
diesel::joinable!(secrets -> workspaces (workspace_id));
diesel::joinable!(organization_settings -> organizations (organization_id));
diesel::joinable!(token_sets -> secrets (secret_id));
diesel::joinable!(oddities -> secrets (secret_id));
diesel::joinable!(sessions -> people (person_id));
diesel::joinable!(tokens -> people (maker_id));
diesel::joinable!(tokens -> workspaces (workspace_id));
diesel::joinable!(nodes -> secrets (secret_id));
diesel::joinable!(nodes -> workflows (workflow_id));
diesel::joinable!(rotation_items -> rotations (rotation_id));
diesel::joinable!(rotations -> people (started_by));
diesel::joinable!(workflow_tokens -> tokens (token_id));
diesel::joinable!(workflow_tokens -> workflows (workflow_id));
diesel::joinable!(workflows -> people (owner_id));
diesel::joinable!(audit_entries -> audit_chains (chain_id));

diesel::allow_tables_to_appear_in_same_query!(
    oauth_clients,
    organization_settings,
    token_sets,
    audit_chains,
    audit_entries,
    calendars,
    data_keys,
    deliveries,
    end_users,
    ends_told,
    events,
    installation_keys,
    invitations,
    jobs,
    links,
    master_checks,
    members,
    node_types,
    nodes,
    oddities,
    organizations,
    people,
    reminders,
    rotation_items,
    rotations,
    secret_shares,
    secret_uses,
    secret_values,
    secrets,
    sessions,
    throttles,
    tokens,
    usage_hours,
    webhooks,
    workflow_tokens,
    workflows,
    workspace_slugs,
    workspaces,
);
