//! Codes as pictures, there and back, and pictures that mean harm.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by it"
)]

use image::{DynamicImage, GrayImage, ImageFormat, Luma, imageops};
use snug_client::{ProblemCode, qr};
use snug_wire::code::{CodeKind, InviteCode, RelayHint};
use snug_wire::{InvitationId, Secret};
use std::io::Cursor;

fn code() -> String {
    InviteCode {
        kind: CodeKind::Contact,
        id: InvitationId([7; 16]),
        key: Secret::new([9; 32]),
        relay: RelayHint {
            url: "ws://192.168.178.23:47700".into(),
            key_hash: [5; 16],
        },
    }
    .to_string()
}

fn picture() -> GrayImage {
    image::load_from_memory(&qr::png(&code()).unwrap())
        .unwrap()
        .into_luma8()
}

fn file(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// By the library's own code, which is compiled for speed.
fn resized(picture: &GrayImage, width: u32, height: u32) -> GrayImage {
    let picture = DynamicImage::from(picture.clone());
    picture
        .resize_exact(width, height, imageops::FilterType::Triangle)
        .to_luma8()
}

#[track_caller]
fn check(picture: impl Into<DynamicImage>) {
    assert_eq!(qr::text_in(&file(picture, ImageFormat::Png)), Ok(code()));
}

#[test]
fn a_code_is_small_and_its_picture_always_the_same() {
    let matrix = qr::matrix(&code()).unwrap();
    assert!(matrix.size <= 41, "{} modules", matrix.size);
    assert_eq!(matrix.dark.len(), (matrix.size * matrix.size) as usize);
    assert!(matrix.dark[0], "a finder pattern begins dark");
    assert_eq!(qr::png(&code()).unwrap(), qr::png(&code()).unwrap());
}

#[test]
fn it_is_read_in_every_format() {
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Gif,
        ImageFormat::Bmp,
    ] {
        let bytes = match format {
            ImageFormat::Gif => file(DynamicImage::from(picture()).into_rgba8(), format),
            _ => file(picture(), format),
        };
        assert_eq!(qr::text_in(&bytes), Ok(code()), "{format:?}");
    }
}

#[test]
fn it_is_read_turned_mirrored_inverted_small_and_large() {
    let upright = picture();
    check(imageops::rotate90(&upright));
    check(imageops::rotate180(&upright));
    check(imageops::flip_horizontal(&upright));
    let mut inverted = upright.clone();
    imageops::invert(&mut inverted);
    check(inverted);
    let side = upright.width();
    check(resized(&upright, side / 4, side / 4));
    check(resized(&upright, 3000, 3000));
}

#[test]
fn it_is_read_in_a_corner_of_a_screenshot_and_without_its_margin() {
    let upright = picture();
    let mut screen =
        GrayImage::from_fn(2560, 1440, |x, y| Luma([((x / 7) ^ (y / 5)) as u8 | 0x80]));
    imageops::overlay(&mut screen, &resized(&upright, 300, 300), 2200, 1100);
    check(screen);
    let margin = 48;
    let inside = upright.width() - 2 * margin;
    check(imageops::crop_imm(&upright, margin, margin, inside, inside).to_image());
}

#[test]
fn what_is_no_picture_or_shows_no_code_is_said() {
    let refused = |bytes: &[u8]| qr::text_in(bytes).unwrap_err().code;
    assert_eq!(refused(b""), ProblemCode::NotAPicture);
    assert_eq!(refused(b"%PDF-1.7"), ProblemCode::NotAPicture);
    let whole = file(picture(), ImageFormat::Png);
    assert_eq!(refused(&whole[..whole.len() / 2]), ProblemCode::NotAPicture);
    let blank = file(
        GrayImage::from_pixel(640, 480, Luma([250])),
        ImageFormat::Png,
    );
    assert_eq!(refused(&blank), ProblemCode::NoCodeInPicture);
    let dot = file(GrayImage::from_pixel(1, 1, Luma([0])), ImageFormat::Png);
    assert_eq!(refused(&dot), ProblemCode::NoCodeInPicture);
}

/// A few bytes that claim to be 60,000 × 60,000 pixels.
#[test]
fn a_picture_that_would_unpack_to_gigabytes_is_refused() {
    let mut bytes = file(GrayImage::from_pixel(8, 8, Luma([0])), ImageFormat::Bmp);
    bytes[18..22].copy_from_slice(&60_000u32.to_le_bytes());
    bytes[22..26].copy_from_slice(&60_000u32.to_le_bytes());
    assert_eq!(
        qr::text_in(&bytes).unwrap_err().code,
        ProblemCode::NotAPicture
    );
    assert_eq!(
        qr::text_in(&vec![0; 33 << 20]).unwrap_err().code,
        ProblemCode::NotAPicture
    );
}

#[test]
fn a_foreign_code_is_read_as_what_it_says() {
    let bytes = qr::png("https://example.org/").unwrap();
    assert_eq!(qr::text_in(&bytes).unwrap(), "https://example.org/");
}
