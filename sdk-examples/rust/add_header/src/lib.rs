//! Adds a header to each request and to each response.  Its value is the
//! plugin's configuration, or "hello" if that is empty.

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};
use std::rc::Rc;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| {
        Box::new(Root { greeting: Rc::from("hello") })
    });
}}

struct Root {
    greeting: Rc<str>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        match self.get_plugin_configuration().map(String::from_utf8) {
            Some(Ok(text)) if !text.is_empty() => self.greeting = text.into(),
            Some(Err(_)) => return false,
            _ => {}
        }
        true
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Request { greeting: self.greeting.clone() }))
    }
}

struct Request {
    greeting: Rc<str>,
}

impl Context for Request {}

impl HttpContext for Request {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        self.set_http_request_header("x-greeting", Some(&self.greeting));
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        self.set_http_response_header("x-greeting", Some(&self.greeting));
        Action::Continue
    }
}
