//! The tables of OAuth clients, and of what is known of tokens.

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
