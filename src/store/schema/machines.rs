//! The tables of what machines have asked for.

diesel::table! {
    events (id) {
        id -> Text,
        workspace_id -> Text,
        number -> BigInt,
        environment -> Text,
        kind -> Text,
        node_type -> Nullable<Text>,
        organization -> Nullable<Text>,
        data -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    repeats (token_id, key_mac) {
        token_id -> Text,
        key_mac -> Binary,
        request_mac -> Binary,
        made -> Text,
        created_at -> BigInt,
    }
}
