//! The node types of the workspace, with what an editor needs to draw a form for one.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::authenticate::Caller;
use crate::api::error::Error;
use crate::app::App;
use crate::catalog::{self, FieldSpec, KindSpec, Part};
use crate::domain::{Environment, Kind, Method, Slug};
use crate::store::access::ReadRight;
use crate::store::node_types::NodeTypeRow;
use crate::store::{self, Denied, Fault};

use super::read::{Asked, Page, stretch};
use super::{Answer, schemas};

type Never = std::convert::Infallible;

/// A kind of action that the workspace keeps secrets for.
#[derive(Serialize, ToSchema)]
pub struct NodeType {
    #[schema(examples("stripe"))]
    slug: String,
    name: String,
    /// How its secrets authenticate; fixed when it was added.
    #[schema(schema_with = schemas::method)]
    method: Method,
    /// Whether its secrets can be used.
    enabled: bool,
    /// Whether the workspace has described it itself.
    custom: bool,
    /// What end users read about it.
    #[schema(required)]
    description: Option<String>,
    /// Where its requests go; `{part}`s are filled in for each secret.
    #[schema(required)]
    base_url: Option<String>,
    /// The only hosts that a value of it is sent to.
    hosts: Vec<String>,
    /// What differs from one account to the next in its addresses.
    parts: Vec<Field>,
    /// The forms that a secret of it takes.
    kinds: Vec<KindOf>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// One form that a secret takes.
#[derive(Serialize, ToSchema)]
pub struct KindOf {
    #[schema(schema_with = schemas::kind)]
    kind: Kind,
    label: String,
    /// Where the API is the customer's own: the word that chooses where a request carries the value.
    #[schema(required)]
    placement: Option<String>,
    fields: Vec<Field>,
    /// Beginnings of values that tell what they are.
    prefixes: Vec<Prefix>,
}

/// Something to fill in.
#[derive(Serialize, ToSchema)]
pub struct Field {
    name: String,
    label: String,
    help: String,
    placeholder: String,
    /// Whether it is never shown again.
    secret: bool,
    required: bool,
    /// Whether it may have several lines.
    lines: bool,
    /// A regular expression that it matches, as Rust's `regex` reads it.
    #[schema(required)]
    pattern: Option<String>,
    /// What to say where it does not.
    #[schema(required)]
    message: Option<String>,
    /// What there is to choose from; empty where it is typed.
    options: Vec<String>,
}

/// What the beginning of a value tells.
#[derive(Serialize, ToSchema)]
pub struct Prefix {
    prefix: String,
    /// `test` or `live`; null where both begin so.
    #[schema(required, value_type = Option<String>)]
    environment: Option<Environment>,
    meaning: String,
}

impl Field {
    fn of_kind(spec: &FieldSpec) -> Self {
        let format = spec.format.as_ref();
        Self {
            name: spec.name.clone(),
            label: spec.label.clone(),
            help: spec.help.clone(),
            placeholder: spec.placeholder.clone(),
            secret: spec.secret,
            required: spec.required,
            lines: spec.lines,
            pattern: format.map(|format| format.pattern.to_string()),
            message: format.map(|format| format.message.clone()),
            options: Vec::new(),
        }
    }

    fn of_part(part: &Part) -> Self {
        let format = part.format.as_ref();
        Self {
            name: part.name.clone(),
            label: part.label.clone(),
            help: part.help.clone(),
            placeholder: part.placeholder.clone(),
            secret: false,
            required: true,
            lines: false,
            pattern: format.map(|format| format.pattern.to_string()),
            message: format.map(|format| format.message.clone()),
            options: part.options.iter().map(|option| option.value.clone()).collect(),
        }
    }
}

impl KindOf {
    fn new(spec: &KindSpec, placement: Option<&str>) -> Self {
        let prefix = |known: &catalog::Prefix| Prefix {
            prefix: known.prefix.clone(),
            environment: known.environment,
            meaning: known.meaning.clone(),
        };
        Self {
            kind: spec.kind,
            label: spec.label().to_owned(),
            placement: placement.map(ToOwned::to_owned),
            fields: spec.fields.iter().map(Field::of_kind).collect(),
            prefixes: spec.prefixes.iter().map(prefix).collect(),
        }
    }
}

impl NodeType {
    fn of(app: &App, row: &NodeTypeRow) -> Self {
        let described = app.clients.describe(row);
        let node = described.as_ref().map(|node| node.under(row.method));
        let node = node.as_deref();
        let mut kinds: Vec<KindOf> =
            node.iter().flat_map(|node| &node.kinds).map(|spec| KindOf::new(spec, None)).collect();
        let choices = node.iter().flat_map(|node| &node.placement_choices);
        kinds.extend(choices.map(|choice| KindOf::new(&choice.kind, Some(choice.name.as_str()))));
        Self {
            slug: row.slug.to_string(),
            name: row.name.to_string(),
            method: row.method,
            enabled: row.enabled,
            custom: row.is_homemade(),
            description: row.description.clone(),
            base_url: node.map(|node| node.base_url.clone()),
            hosts: node.map(|node| node.hosts.clone()).unwrap_or_default(),
            parts: node.iter().flat_map(|node| &node.parts).map(Field::of_part).collect(),
            kinds,
            created_at: row.created_at.wire(),
            updated_at: row.updated_at.wire(),
        }
    }
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Sought {
    /// How many, from 1 to 100; 50 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    /// What `next` said of the page before.
    after: Option<String>,
}

/// List node types
///
/// Those of the workspace that the token may be told of, by their slugs. They are the same in both environments.
#[utoipa::path(get, path = "/api/v1/node-types", operation_id = "list_node_types", tag = "Node types", params(Sought),
    responses((status = 200, description = "A page of node types.", body = Page<NodeType>)))]
pub async fn index(caller: Caller, asked: Asked<Sought>, app: Data<App>) -> Answer {
    let understood = asked.into_inner().and_then(|sought| stretch::<Slug>(sought.limit, sought.after.as_deref()));
    let stretch = caller.judged::<ReadRight, _>(&app, understood).await?;
    let (after, limit) = (stretch.after.clone(), stretch.limit);
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        // A workspace has as many as a person has added: all of them are read, and few are told.
        let told = |row: &NodeTypeRow| by.includes(&row.slug) && after.as_ref().is_none_or(|after| row.slug > *after);
        let rows: Vec<NodeTypeRow> =
            store::node_types::list(tx, by)?.into_iter().filter(told).take(limit + 1).collect();
        Ok::<_, Fault<Never>>(rows)
    });
    let part = stretch.cut(found.await?);
    let data = part.rows.iter().map(|row| NodeType::of(&app, row)).collect();
    Ok(HttpResponse::Ok().json(Page::of(data, part.has_more, |last| last.slug.clone())))
}

/// Show a node type
#[utoipa::path(get, path = "/api/v1/node-types/{slug}", operation_id = "show_node_type", tag = "Node types",
    params(("slug" = String, Path, description = "The slug of a node type of the workspace, as `stripe`.")),
    responses((status = 200, description = "The node type.", body = NodeType)))]
pub async fn show(caller: Caller, path: Path<String>, app: Data<App>) -> Answer {
    let slug: Result<Slug, Error> = path.parse().map_err(|_| Error::NotFound);
    let slug = caller.judged::<ReadRight, _>(&app, slug).await?;
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        by.covers(&slug)?;
        Ok::<_, Fault<Never>>(store::node_types::find(tx, by, &slug)?.ok_or(Denied::NotFound)?)
    });
    let row = found.await?;
    Ok(HttpResponse::Ok().json(NodeType::of(&app, &row)))
}
