//! Which web pages may connect. Browsers name the page's origin, programs name none.

use axum::http::{HeaderMap, header::ORIGIN};

/// Whether who asks is no web page, or one that may.
pub fn may(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let origin = origin.to_str().unwrap_or_default();
    let same = |allowed: &String| {
        let allowed = allowed.trim_end_matches('/');
        allowed == "*" || allowed.eq_ignore_ascii_case(origin)
    };
    allowed.iter().any(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_pages_are_named_programs_are_not() {
        let page = |origin: &str| HeaderMap::from_iter([(ORIGIN, origin.parse().unwrap())]);
        let allowed = ["https://chat.example/".to_owned()];
        assert!(may(&HeaderMap::new(), &[]));
        assert!(!may(&page("https://chat.example"), &[]));
        assert!(may(&page("https://Chat.example"), &allowed));
        for other in [
            "http://chat.example",
            "https://chat.example.evil.example",
            "null",
            "",
        ] {
            assert!(!may(&page(other), &allowed), "{other}");
            assert!(may(&page(other), &["*".to_owned()]), "{other}");
        }
    }
}
