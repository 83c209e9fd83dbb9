//! Refuses requests by rules from the plugin's configuration, which is JSON:
//!
//! ```json
//! { "status": 403,
//!   "body": "no\n",
//!   "rules": [
//!     { "path": "/admin" },
//!     { "header": "user-agent", "contains": "bot" } ] }
//! ```
//!
//! A rule matches if everything that it names does: the beginning of the path,
//! a part of a header.  status (403) and body ("denied\n") may be left out.

use log::error;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::rc::Rc;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root { rules: Rc::default() }));
}}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    path: Option<String>,
    header: Option<String>,
    #[serde(default)]
    contains: String,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Rules {
    status: u32,
    body: String,
    rules: Vec<Rule>,
}

impl Default for Rules {
    fn default() -> Self {
        Rules { status: 403, body: "denied\n".into(), rules: Vec::new() }
    }
}

impl Rules {
    fn read(json: &[u8]) -> Result<Rules, String> {
        // An object: serde would take a list of the members' values, too.
        let object: Map<String, Value> =
            serde_json::from_slice(json).map_err(|e| e.to_string())?;
        let rules = Rules::deserialize(Value::Object(object))
            .map_err(|e| e.to_string())?;
        if !(200..=599).contains(&rules.status) {
            return Err("status".into());
        }
        let named = |r: &Rule| r.path.is_some() || r.header.is_some();
        if !rules.rules.iter().all(named) {
            return Err("rules".into());
        }
        Ok(rules)
    }
}

struct Root {
    rules: Rc<Rules>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let json = self.get_plugin_configuration().unwrap_or_default();
        match Rules::read(&json) {
            Ok(rules) => {
                self.rules = Rc::new(rules);
                true
            }
            Err(what) => {
                error!("deny: the configuration is wrong at: {what}");
                false
            }
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Request { rules: self.rules.clone() }))
    }
}

struct Request {
    rules: Rc<Rules>,
}

impl Request {
    fn matches(&self, rule: &Rule) -> bool {
        let begins = |path: &String| {
            self.get_http_request_header(":path")
                .is_some_and(|p| p.starts_with(path))
        };
        let holds = |name: &String| {
            self.get_http_request_header(name)
                .is_some_and(|v| v.contains(&rule.contains))
        };
        rule.path.as_ref().is_none_or(begins)
            && rule.header.as_ref().is_none_or(holds)
    }
}

impl Context for Request {}

impl HttpContext for Request {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        if self.rules.rules.iter().any(|rule| self.matches(rule)) {
            self.send_http_response(
                self.rules.status,
                vec![("content-type", "text/plain")],
                Some(self.rules.body.as_bytes()),
            );
            return Action::Pause;
        }
        Action::Continue
    }
}
