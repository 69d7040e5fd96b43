//! The tables of OAuth clients, of what single organizations have otherwise, and of what is known of tokens.

diesel::table! {
    oauth_clients (node_type_id, environment) {
        node_type_id -> Text,
        environment -> Text,
        client_id -> Text,
        blob -> Binary,
        data_key_id -> Text,
        number -> BigInt,
        facts -> Text,
        scopes -> Text,
        last_four -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    organization_settings (organization_id, node_type_id, environment) {
        organization_id -> Text,
        node_type_id -> Text,
        environment -> Text,
        enabled -> Bool,
        scopes -> Nullable<Text>,
        client_id -> Nullable<Text>,
        blob -> Nullable<Binary>,
        data_key_id -> Nullable<Text>,
        number -> Nullable<BigInt>,
        facts -> Nullable<Text>,
        last_four -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    token_sets (secret_id) {
        secret_id -> Text,
        client_id -> Text,
        scopes_asked -> Text,
        scopes -> Text,
        ends_at -> Nullable<BigInt>,
        renew_at -> Nullable<BigInt>,
        renewed_at -> BigInt,
        tries -> Integer,
        hindrance -> Nullable<Text>,
        lease -> Nullable<Text>,
        leased_until -> Nullable<BigInt>,
    }
}
