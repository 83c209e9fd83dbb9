//! Reads ten headers of the request, tests one of them, and adds a header to the
//! response.

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

const NAMES: [&str; 10] = [
    "x-h0", "x-h1", "x-h2", "x-h3", "x-h4", "x-h5", "x-h6", "x-h7", "x-h8", "x-h9",
];

proxy_wasm::main! {{
    proxy_wasm::set_http_context(|_, _| Box::new(Request { seen: 0 }));
}}

struct Request {
    seen: usize,
}

impl Context for Request {}

impl HttpContext for Request {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        for (i, name) in NAMES.iter().enumerate() {
            let Some(value) = self.get_http_request_header(name) else {
                continue;
            };
            self.seen += value.len();
            if i == 3 && !value.starts_with('v') {
                self.send_http_response(403, vec![], None);
                return Action::Pause;
            }
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        self.add_http_response_header("x-greeting", "hello");
        Action::Continue
    }
}
