//! What plugins do, with the libraries that they use: each export works through
//! a text of its own n times.
use base64::Engine;
use md5::Md5;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

const HEAD: &str = "GET /api/v2/items?q=caf%C3%A9%20au+lait&page=3&sort=-name \
HTTP/1.1\r\nHost: shop.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux \
x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0 Safari/537.36\r\n\
Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\nAccept-Encoding: \
gzip, deflate, br\r\nCookie: session=0123456789abcdef; theme=dark; lang=en\r\n\
X-Forwarded-For: 203.0.113.7, 198.51.100.20\r\nAuthorization: Bearer \
eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N\r\n\r\n";

const JSON: &str = r#"{"rules": [{"id": 17, "match": {"path": "/api/*",
 "method": ["GET", "POST"], "weight": 0.75}, "action": "deny", "status": 403},
 {"id": 18, "match": {"header": "x-debug", "value": null}, "action": "log",
 "text": "caf\u00e9 \"quoted\" \\ and tabs\t"}, {"id": -4, "limits":
 {"rate": 1e3, "burst": 2.5e-1, "enabled": true}}], "default": "allow"}"#;

fn fold(h: u64, x: u64) -> u64 {
    (h ^ x).wrapping_mul(0x9e3779b97f4a7c15).rotate_left(23)
}

fn bytes(n: usize) -> Vec<u8> {
    let mut x = 12345u32;
    (0..n)
        .map(|i| {
            x = x.wrapping_mul(1664525).wrapping_add(1013904223);
            if i % 7 < 4 { HEAD.as_bytes()[i % HEAD.len()] } else { (x >> 24) as u8 }
        })
        .collect()
}

#[no_mangle]
pub extern "C" fn json(n: u32) -> u64 {
    (0..n).fold(0, |h, _| {
        let v: serde_json::Value = serde_json::from_str(JSON).unwrap();
        let text = v.to_string();
        fold(h, text.len() as u64 + v["rules"][0]["id"].as_u64().unwrap())
    })
}

#[no_mangle]
pub extern "C" fn headers(n: u32) -> u64 {
    (0..n).fold(0, |h, _| {
        let mut fields = [httparse::EMPTY_HEADER; 16];
        let mut request = httparse::Request::new(&mut fields);
        let done = request.parse(HEAD.as_bytes()).unwrap().unwrap();
        let mut map: HashMap<String, &[u8], fnv::FnvBuildHasher> = HashMap::default();
        for f in request.headers.iter() {
            map.insert(f.name.to_ascii_lowercase(), f.value);
        }
        fold(h, done as u64 + map["cookie"].len() as u64)
    })
}

#[no_mangle]
pub extern "C" fn query(n: u32) -> u64 {
    (0..n).fold(0, |h, _| {
        let line = HEAD.lines().next().unwrap();
        let target = line.split(' ').nth(1).unwrap();
        let (path, query) = target.split_once('?').unwrap();
        let sum: usize = query
            .split('&')
            .filter_map(|p| p.split_once('='))
            .map(|(k, v)| {
                let v = percent_encoding::percent_decode_str(v).decode_utf8_lossy();
                k.len() + v.chars().filter(|c| c.is_alphanumeric()).count()
            })
            .sum();
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let back = percent_encoding::utf8_percent_encode(
            &segments.join("/"), percent_encoding::NON_ALPHANUMERIC).to_string();
        fold(h, (sum + back.len()) as u64)
    })
}

#[no_mangle]
pub extern "C" fn regex(n: u32) -> u64 {
    let agent = regex::Regex::new(r"(?i)(chrome|firefox|safari)/(\d+)\.(\d+)").unwrap();
    let token = regex::bytes::Regex::new(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
        .unwrap();
    (0..n).fold(0, |h, _| {
        let c = agent.captures(HEAD).unwrap();
        let all = agent.replace_all(HEAD, "$1");
        let t = token.find_iter(HEAD.as_bytes()).count();
        fold(h, (c[2].len() + all.len() + t) as u64)
    })
}

#[no_mangle]
pub extern "C" fn base64(n: u32) -> u64 {
    let plain = bytes(1500);
    (0..n).fold(0, |h, _| {
        let coded = base64::engine::general_purpose::STANDARD.encode(&plain);
        let back = base64::engine::general_purpose::STANDARD.decode(&coded).unwrap();
        fold(h, back[h as usize % back.len()] as u64 + coded.len() as u64)
    })
}

#[no_mangle]
pub extern "C" fn sha256(n: u32) -> u64 {
    let data = bytes(1500);
    (0..n).fold(0, |h, _| fold(h, Sha256::digest(&data)[0] as u64))
}

#[no_mangle]
pub extern "C" fn md5(n: u32) -> u64 {
    let data = bytes(1500);
    (0..n).fold(0, |h, _| fold(h, Md5::digest(&data)[0] as u64))
}

#[no_mangle]
pub extern "C" fn hashing(n: u32) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    (0..n).fold(0, |h, _| {
        let mut siphash = DefaultHasher::new();
        for line in HEAD.lines() {
            line.hash(&mut siphash);
        }
        fold(h, siphash.finish())
    })
}

#[no_mangle]
pub extern "C" fn inflate(n: u32) -> u64 {
    let data = bytes(2000);
    (0..n).fold(0, |h, _| {
        let small = miniz_oxide::deflate::compress_to_vec(&data, 6);
        let back = miniz_oxide::inflate::decompress_to_vec(&small).unwrap();
        fold(h, (small.len() + back.len()) as u64)
    })
}

#[no_mangle]
pub extern "C" fn sorting(n: u32) -> u64 {
    let data = bytes(1000);
    (0..n).fold(0, |h, _| {
        let mut words: Vec<u32> = data.chunks_exact(4)
            .map(|c| u32::from_le_bytes([c[0], c[1], c[2], c[3]]))
            .collect();
        words.sort_unstable();
        let mut lines: Vec<&str> = HEAD.lines().collect();
        lines.sort();
        let tree: BTreeMap<u32, usize> = words.iter().map(|w| (*w, lines.len())).collect();
        fold(h, tree.range(1000..).map(|(k, v)| *k as u64 + *v as u64).sum())
    })
}

#[no_mangle]
pub extern "C" fn format(n: u32) -> u64 {
    (0..n).fold(0, |h, i| {
        let s = format!("{:>8} {:08x} {:.3} {:?} {}", i, h, i as f64 / 7.0, HEAD.get(..20),
                        i % 2 == 0);
        let f: f64 = s.split_whitespace().nth(2).unwrap().parse().unwrap();
        fold(h, s.len() as u64 + f as u64)
    })
}

#[no_mangle]
pub extern "C" fn numbers(n: u32) -> u64 {
    let size = 12;
    let a: Vec<f64> = (0..size * size).map(|i| i as f64 * 0.5).collect();
    (0..n).fold(0, |h, k| {
        let mut c = vec![0.0; size * size];
        for i in 0..size {
            for j in 0..size {
                c[i * size + j] = (0..size).map(|k| a[i * size + k] * a[k * size + j]).sum();
            }
        }
        let mean = c.iter().sum::<f64>() / c.len() as f64;
        let var = c.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
        fold(h, (var.sqrt() as u64).wrapping_add(k as u64))
    })
}

#[no_mangle]
pub extern "C" fn words(n: u32) -> u64 {
    let words = aho_corasick::AhoCorasick::new(
        ["select", "union", "script", "safari", "bearer", "../"]).unwrap();
    let lower = HEAD.to_lowercase();
    (0..n).fold(0, |h, _| {
        fold(h, words.find_iter(&lower).map(|m| m.end() as u64).sum())
    })
}

#[no_mangle]
pub extern "C" fn cipher(n: u32) -> u64 {
    use chacha20::cipher::{KeyIvInit, StreamCipher};
    let mut data = bytes(1500);
    (0..n).fold(0, |h, _| {
        let mut c = chacha20::ChaCha20::new(&[7; 32].into(), &[9; 12].into());
        c.apply_keystream(&mut data);
        fold(h, data[0] as u64)
    })
}

#[no_mangle]
pub extern "C" fn checksum(n: u32) -> u64 {
    let data = bytes(1500);
    (0..n).fold(0, |h, _| fold(h, crc32fast::hash(&data) as u64))
}

#[no_mangle]
pub extern "C" fn sha1(n: u32) -> u64 {
    let data = bytes(1500);
    (0..n).fold(0, |h, _| fold(h, sha1::Sha1::digest(&data)[0] as u64))
}

#[no_mangle]
pub extern "C" fn lz4(n: u32) -> u64 {
    let data = bytes(2000);
    (0..n).fold(0, |h, _| {
        let small = lz4_flex::compress_prepend_size(&data);
        let back = lz4_flex::decompress_size_prepended(&small).unwrap();
        fold(h, (small.len() + back.len()) as u64)
    })
}

#[no_mangle]
pub extern "C" fn modpow(n: u32) -> u64 {
    let m = num_bigint::BigUint::from_bytes_be(&bytes(64)) | num_bigint::BigUint::from(1u8);
    let b = num_bigint::BigUint::from_bytes_be(&bytes(60));
    (0..n).fold(0, |h, _| {
        let p = b.modpow(&num_bigint::BigUint::from(65537u32), &m);
        fold(h, (p * &b % 1000003u32).iter_u64_digits().next().unwrap_or(0))
    })
}

#[no_mangle]
pub extern "C" fn csv(n: u32) -> u64 {
    (0..n).fold(0, |h, _| {
        let mut reader = csv_core::Reader::new();
        let (mut input, mut out) = (JSON.as_bytes(), [0; 256]);
        let mut fields = 0;
        loop {
            let (r, used, _) = reader.read_field(input, &mut out);
            input = &input[used..];
            match r {
                csv_core::ReadFieldResult::End => break fold(h, fields),
                _ => fields += 1,
            }
        }
    })
}

#[no_mangle]
pub extern "C" fn utf8(n: u32) -> u64 {
    let text = "Gr\u{fc}\u{df}e, \u{3b1}\u{3b2}\u{3b3} \u{4f60}\u{597d} \u{1f600} plain text "
        .repeat(8);
    (0..n).fold(0, |h, _| {
        let s = std::str::from_utf8(text.as_bytes()).unwrap();
        let up = s.to_uppercase();
        let wide: usize = s.encode_utf16().map(|u| u as usize).sum();
        fold(h, (up.chars().rev().filter(|c| c.is_uppercase()).count() + wide) as u64)
    })
}
