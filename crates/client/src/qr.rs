//! Codes as pictures: drawn, and found in whatever picture a person has.

use crate::view::QrMatrix;
use crate::{Problem, ProblemCode};
use fast_qr::{ECL, QRBuilder};
use image::{DynamicImage, GrayImage, ImageFormat, ImageReader, Limits, Luma, imageops};
use rxing::{BarcodeFormat, DecodeHints};
use std::collections::HashSet;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Light modules around the code (ISO/IEC 18004 §9.1).
const QUIET: u32 = 4;
/// Pixels along a module: a code of 41 × 41 becomes 588 × 588.
const SCALE: u32 = 12;
/// Largest picture file that is looked at, in bytes.
pub(crate) const LARGEST_FILE: usize = 32 << 20;
/// Longest side of a picture, in pixels.
const LONGEST_SIDE: u32 = 16_384;
/// Most memory a picture may unpack to, in bytes.
const LARGEST_PICTURE: u64 = 320 << 20;
/// Longest sides, in pixels, at which a code is looked for, one after the other: coarse ones see
/// past noise, fine ones see small codes.
const SIDES: [u32; 4] = [1000, 2000, 500, 4000];

/// The modules of a text's code.
///
/// # Errors
/// `broken` when the text is longer than a code can hold (about 2,000 characters).
pub fn matrix(text: &str) -> Result<QrMatrix, Problem> {
    let code = QRBuilder::new(text)
        .ecl(ECL::M)
        .build()
        .map_err(|_| Problem::new(ProblemCode::Broken, "This text is too long for a QR code."))?;
    let modules = code.data.iter().take(code.size * code.size);
    Ok(QrMatrix {
        size: u32::try_from(code.size).map_err(Problem::broken)?,
        dark: modules.map(|module| module.value()).collect(),
    })
}

/// The same as a PNG file with a quiet zone. The same text gives the same bytes.
///
/// # Errors
/// As [`matrix`].
pub fn png(text: &str) -> Result<Vec<u8>, Problem> {
    let matrix = matrix(text)?;
    let side = (matrix.size + 2 * QUIET) * SCALE;
    let is_dark = |x: u32, y: u32| {
        let (x, y) = (
            (x / SCALE).checked_sub(QUIET)?,
            (y / SCALE).checked_sub(QUIET)?,
        );
        let inside = x < matrix.size && y < matrix.size;
        let at = inside.then_some((y * matrix.size + x) as usize)?;
        matrix.dark.get(at).copied()
    };
    let picture = GrayImage::from_fn(side, side, |x, y| {
        Luma([if is_dark(x, y) == Some(true) { 0 } else { 255 }])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(Problem::broken)?;
    Ok(bytes.into_inner())
}

/// The text of the code in a picture: PNG, JPEG, WebP, GIF or BMP, turned, mirrored, inverted or
/// photographed. Takes up to seconds: call it off the async threads.
///
/// # Errors
/// `notAPicture`, also for one too large to be unpacked; `noCodeInPicture`.
pub fn text_in(picture: &[u8]) -> Result<String, Problem> {
    // The libraries are given hostile bytes here; a panic of theirs is an answer too.
    let unpacked = catch_unwind(AssertUnwindSafe(|| unpack(picture))).unwrap_or_default();
    let luma = unpacked.ok_or_else(|| {
        let text = "This is not a picture Snug can read. Use a PNG or JPEG of at most 32 MB.";
        Problem::new(ProblemCode::NotAPicture, text)
    })?;
    catch_unwind(AssertUnwindSafe(|| find(&luma)))
        .unwrap_or_default()
        .ok_or_else(|| {
            let text = "There is no code to be seen in this picture. Try a sharper or larger one.";
            Problem::new(ProblemCode::NoCodeInPicture, text)
        })
}

/// The picture in grey, on white where it is transparent.
fn unpack(bytes: &[u8]) -> Option<DynamicImage> {
    if bytes.len() > LARGEST_FILE {
        return None;
    }
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(LARGEST_PICTURE);
    reader.limits(limits);
    let picture = reader.decode().ok()?;
    if !picture.color().has_alpha() {
        return Some(picture.into_luma8().into());
    }
    let seen = picture.into_luma_alpha8();
    let on_white = GrayImage::from_fn(seen.width(), seen.height(), |x, y| {
        let [grey, alpha] = seen.get_pixel(x, y).0.map(u32::from);
        Luma([((grey * alpha + 255 * (255 - alpha)) / 255) as u8])
    });
    Some(on_white.into())
}

/// Looks at several sizes, the likeliest first.
fn find(picture: &DynamicImage) -> Option<String> {
    let longest = picture.width().max(picture.height());
    let as_is = (longest <= SIDES[0]).then(|| look(picture)).flatten();
    as_is
        .or_else(|| {
            let smaller = SIDES.iter().filter(|side| **side < longest);
            smaller
                .copied()
                .find_map(|side| look(&picture.thumbnail(side, side)))
        })
        .or_else(|| {
            (longest <= SIDES[1])
                .then(|| look(&framed(picture)))
                .flatten()
        })
}

/// Larger, if it is tiny, and with a margin: a code cut out at its edge has no quiet zone.
fn framed(picture: &DynamicImage) -> DynamicImage {
    let longest = picture.width().max(picture.height());
    let factor = if longest < 400 { 4 } else { 1 };
    let (width, height) = (picture.width() * factor, picture.height() * factor);
    let margin = longest * factor / 8 + 8;
    let white = Luma([255]);
    let mut framed = GrayImage::from_pixel(width + 2 * margin, height + 2 * margin, white);
    let large = picture.resize_exact(width, height, imageops::FilterType::Nearest);
    imageops::overlay(&mut framed, &large.to_luma8(), margin.into(), margin.into());
    framed.into()
}

/// One size, tried hard: two ways of telling dark from light, both also inverted.
fn look(picture: &DynamicImage) -> Option<String> {
    let picture = picture.to_luma8();
    let (width, height) = picture.dimensions();
    let mut hints = DecodeHints {
        PossibleFormats: Some(HashSet::from([BarcodeFormat::QR_CODE])),
        TryHarder: Some(true),
        AlsoInverted: Some(true),
        ..DecodeHints::default()
    };
    let found = rxing::helpers::detect_in_luma_slice_with_hints(
        picture.as_raw(),
        width,
        height,
        None,
        &mut hints,
    )
    .or_else(|_| {
        rxing::helpers::detect_in_luma_filtered_with_hints(
            picture.as_raw().clone(),
            width,
            height,
            None,
            &mut hints,
        )
    });
    found.ok().map(|found| found.getText().to_owned())
}
