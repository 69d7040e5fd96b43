//! How the connect page shows itself, as Admins set it.

use std::io::Cursor;

use image::{ImageFormat, ImageReader, Limits};

use crate::domain::audit::{ConnectEvent, Event};
use crate::domain::connect_page::Origins;
use crate::store::access::{Admin, Proof};
use crate::store::connect_pages::Brand;
use crate::store::{self, Outcome, Unrecorded, WriteTx};

use super::{Tools, audit};

pub fn set(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (origins, brand): (&Origins, &Brand),
) -> Outcome<()> {
    let (before, known) = store::connect_pages::find(tx, by)?;
    // The logo is set by itself.
    if before == *origins && known.name == brand.name && known.accent == brand.accent {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    store::connect_pages::set(tx, by, (origins, brand))?;
    let event = ConnectEvent::PageChanged {
        workspace: by.workspace().clone(),
        origins: origins.iter().map(ToOwned::to_owned).collect(),
        shown_as: brand.name.as_ref().map(ToString::to_string),
        accent: brand.accent.map(|accent| accent.to_string()),
    };
    Ok(audit::change(tx, by, tools, Event::Connect(event))?)
}

/// A picture of Keyrack's own making: whatever else was in the file is gone.
pub struct Logo(Vec<u8>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoLogo {
    #[error("This is no picture that can be read. Choose a PNG, JPEG or WebP file.")]
    Unreadable,
    #[error("The picture is larger than {MOST_SIDE} × {MOST_SIDE} points. Make it smaller first.")]
    TooLarge,
}

/// What is taken of a picture, and what is kept.
const MOST_SIDE: u32 = 4_096;
const SIDE: u32 = 192;
/// That a picture may take in memory while it is read.
const MOST_MEMORY: u64 = 80 * 1_024 * 1_024;

impl Logo {
    /// Reads the picture and draws it anew, small.
    pub fn read(bytes: &[u8]) -> Result<Self, NoLogo> {
        let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| NoLogo::Unreadable)?;
        if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) {
            return Err(NoLogo::Unreadable);
        }
        let mut limits = Limits::default();
        (limits.max_image_width, limits.max_image_height) = (Some(MOST_SIDE), Some(MOST_SIDE));
        limits.max_alloc = Some(MOST_MEMORY);
        reader.limits(limits);
        let picture = reader.decode().map_err(|error| match error {
            image::ImageError::Limits(_) => NoLogo::TooLarge,
            _ => NoLogo::Unreadable,
        })?;
        let small =
            if picture.width() > SIDE || picture.height() > SIDE { picture.thumbnail(SIDE, SIDE) } else { picture };
        let mut png = Vec::new();
        let drawn = small.to_rgba8().write_to(&mut Cursor::new(&mut png), ImageFormat::Png);
        drawn.map_err(|_| NoLogo::Unreadable)?;
        Ok(Self(png))
    }
}

/// Shows this logo from now on, or none.
pub fn set_logo(tx: &mut WriteTx<'_>, by: &Proof<'_, Admin>, tools: Tools<'_>, logo: Option<&Logo>) -> Outcome<()> {
    // Another name for every picture: one that is known is fetched once and kept.
    let name = tools.keyring.random_text();
    store::connect_pages::set_logo(tx, by, logo.map(|Logo(png)| (name.as_str(), png.as_slice())))?;
    let event = ConnectEvent::LogoChanged { workspace: by.workspace().clone(), shown: logo.is_some() };
    Ok(audit::change(tx, by, tools, Event::Connect(event))?)
}
