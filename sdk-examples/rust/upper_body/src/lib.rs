//! Turns the bodies of requests and responses into upper case, chunk by chunk
//! as they come.

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, LogLevel};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_http_context(|_, _| Box::new(Upper));
}}

struct Upper;

impl Context for Upper {}

impl HttpContext for Upper {
    fn on_http_request_body(&mut self, size: usize, _: bool) -> Action {
        if let Some(mut chunk) = self.get_http_request_body(0, size) {
            chunk.make_ascii_uppercase();
            self.set_http_request_body(0, size, &chunk);
        }
        Action::Continue
    }

    // Says that the length may change, as a plugin must that changes it; then
    // the response is sent in chunks.
    fn on_http_response_headers(&mut self, _: usize, end: bool) -> Action {
        if !end {
            self.set_http_response_header("content-length", None);
        }
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, _: bool) -> Action {
        if let Some(mut chunk) = self.get_http_response_body(0, size) {
            chunk.make_ascii_uppercase();
            self.set_http_response_body(0, size, &chunk);
        }
        Action::Continue
    }
}
