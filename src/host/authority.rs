//! Where the host and the port of a URL stand ([RFC 3986 section 3.2](https://www.rfc-editor.org/rfc/rfc3986#section-3.2)).

use crate::error::HostError;

/// The host and the port in what follows `://`, without user information, path, query and fragment.
pub(crate) fn authority(behind_scheme: &str) -> &str {
    // A backslash ends the authority of a special URL as a slash does (WHATWG URL, "authority state").
    let authority = behind_scheme.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// Host and port of an authority, IPv6 brackets kept: `[::1]:80` gives `[::1]` and 80.
pub(crate) fn split_port(authority: &str) -> Result<(&str, Option<u16>), HostError> {
    let host_end = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']').map_or(authority.len(), |end| end + 2),
        // More than one colon without brackets: an IPv6 address, not a port.
        None if authority.matches(':').count() > 1 => authority.len(),
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at_checked(host_end).unwrap_or((authority, ""));
    if rest.is_empty() {
        return Ok((host, None));
    }
    let text = rest.strip_prefix(':').unwrap_or(rest);
    let all_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u16>() {
        Ok(port) if all_digits && port != 0 => Ok((host, Some(port))),
        _ => Err(HostError::Port { text: text.to_owned() }),
    }
}
