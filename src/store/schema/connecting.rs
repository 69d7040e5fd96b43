//! The tables of the page on which end users connect.

diesel::table! {
    connect_pages (workspace_id) {
        workspace_id -> Text,
        origins -> Text,
        name -> Nullable<Text>,
        accent -> Nullable<Text>,
        logo -> Nullable<Binary>,
        logo_name -> Nullable<Text>,
    }
}

diesel::table! {
    connect_sessions (id) {
        id -> Text,
        workspace_id -> Text,
        token_id -> Text,
        user_name -> Text,
        end_user -> Nullable<Text>,
        organization -> Nullable<Text>,
        node_types -> Text,
        origin -> Nullable<Text>,
        return_to -> Nullable<Text>,
        shade -> Nullable<Text>,
        link_mac -> Binary,
        page_mac -> Nullable<Binary>,
        opened_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        results -> Text,
        acts -> Integer,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}
