//! Asks another server whether a request may go on.  The configuration is
//! "UPSTREAM PATH": where to ask, as the proxy names it.
//!
//! It gets a GET with the request's authorization and, as x-original-method
//! and x-original-path, what it is about.  2xx: the request goes on, with the
//! answer's x-user in place of its own; 401, 403: that is the client's answer,
//! with its body; anything else, or none within two seconds: 503.

use log::error;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};
use std::rc::Rc;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(2);

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root { server: Rc::default() }));
}}

#[derive(Default)]
struct Server {
    upstream: String,
    path: String,
}

struct Root {
    server: Rc<Server>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let bytes = self.get_plugin_configuration().unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        match text.split_once(' ') {
            Some((upstream, path)) if !path.is_empty() => {
                self.server = Rc::new(Server {
                    upstream: upstream.into(),
                    path: path.into(),
                });
                true
            }
            _ => {
                error!("authorize: the configuration is not \"UPSTREAM PATH\"");
                false
            }
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Request { server: self.server.clone() }))
    }
}

struct Request {
    server: Rc<Server>,
}

impl Request {
    fn unavailable(&self) {
        self.send_http_response(503, vec![], Some(b"no authorization\n"));
    }
}

impl HttpContext for Request {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        let own = |name| self.get_http_request_header(name).unwrap_or_default();
        let (method, path) = (own(":method"), own(":path"));
        let authorization = own("authorization");
        let mut headers = vec![
            (":method", "GET"),
            (":path", &self.server.path),
            (":authority", &self.server.upstream),
            ("x-original-method", &method),
            ("x-original-path", &path),
        ];
        if !authorization.is_empty() {
            headers.push(("authorization", &authorization));
        }
        let call = self.dispatch_http_call(
            &self.server.upstream, headers, None, vec![], TIMEOUT);
        if call.is_err() {
            self.unavailable();
        }
        Action::Pause
    }
}

impl Context for Request {
    fn on_http_call_response(
        &mut self, _call: u32, _headers: usize, size: usize, _trailers: usize,
    ) {
        let status = self.get_http_call_response_header(":status")
            .and_then(|s| s.parse().ok())
            .unwrap_or(0);
        match status {
            200..=299 => {
                let user = self.get_http_call_response_header("x-user");
                self.set_http_request_header("x-user", user.as_deref());
                self.resume_http_request();
            }
            401 | 403 => {
                let body = self.get_http_call_response_body(0, size)
                    .unwrap_or_default();
                self.send_http_response(status, vec![], Some(&body));
            }
            _ => self.unavailable(),
        }
    }
}
