//! Calls every method of the crate's traits that can come about in an HTTP
//! filter, and logs what it answers; tests/sdk/every.t knows what that is.
//! Which calls need an event of their own depends on the header x-do.

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::*;
use std::time::{Duration, SystemTime};

macro_rules! say {
    ($($arg:tt)*) => {
        hostcalls::log(LogLevel::Warn, &format!($($arg)*)).unwrap()
    };
}

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Trace);
    proxy_wasm::set_root_context(|_| Box::new(Root { queue: 0, ticks: 0 }));
}}

fn text(bytes: Option<Bytes>) -> String {
    bytes.map_or("none".into(), |b| String::from_utf8_lossy(&b).into())
}

fn list(mut pairs: Vec<(String, String)>) -> String {
    pairs.sort();
    let all: Vec<_> =
        pairs.iter().map(|(k, v)| format!("{k}={v}")).collect();
    all.join(",")
}

fn list_bytes(pairs: Vec<(String, Bytes)>) -> String {
    list(pairs.into_iter().map(|(k, v)| (k, text(Some(v)))).collect())
}

struct Root {
    queue: u32,
    ticks: u32,
}

impl Context for Root {
    fn on_done(&mut self) -> bool {
        say!("root on_done");
        true
    }

    fn on_http_call_response(
        &mut self, _: u32, headers: usize, size: usize, trailers: usize,
    ) {
        say!("on_http_call_response {} {size} {trailers}", headers > 0);
        say!("call header={:?} none={:?}",
             self.get_http_call_response_header(":status"),
             self.get_http_call_response_header_bytes("x-none"));
        say!("call headers={} {}",
             self.get_http_call_response_headers().len() == headers,
             self.get_http_call_response_headers_bytes().len() == headers);
        say!("call body={}",
             text(self.get_http_call_response_body(0, size)));
        say!("call trailers={}{}",
             list(self.get_http_call_response_trailers()),
             list_bytes(self.get_http_call_response_trailers_bytes()));
        say!("call trailer={:?}{:?}",
             self.get_http_call_response_trailer("x"),
             self.get_http_call_response_trailer_bytes("x"));
        say!("get_grpc_status={:?}", self.get_grpc_status());
    }
}

impl RootContext for Root {
    fn on_vm_start(&mut self, size: usize) -> bool {
        say!("on_vm_start {size} {}", text(self.get_vm_configuration()));
        true
    }

    fn on_configure(&mut self, size: usize) -> bool {
        say!("on_configure {size} {}", text(self.get_plugin_configuration()));
        self.queue = self.register_shared_queue("queue");
        self.set_tick_period(Duration::from_millis(20));
        true
    }

    fn on_tick(&mut self) {
        self.ticks += 1;
        say!("on_tick {}", self.ticks);
        self.set_tick_period(Duration::ZERO);
        let call = self.dispatch_http_call(
            "up",
            vec![(":method", "POST"), (":path", "/called"),
                 (":authority", "a")],
            Some(b"question"),
            vec![],
            Duration::from_secs(1),
        );
        say!("dispatch_http_call={}", call.is_ok());
        say!("enqueue={:?}",
             self.enqueue_shared_queue(self.queue, Some(b"item")));
        say!("resolve={}",
             self.resolve_shared_queue("", "queue") == Some(self.queue));
        say!("resolve none={:?}", self.resolve_shared_queue("", "none"));
    }

    fn on_queue_ready(&mut self, id: u32) {
        say!("on_queue_ready {}", id == self.queue);
        say!("dequeue={}", text(self.dequeue_shared_queue(id).unwrap()));
        say!("dequeue={:?}", self.dequeue_shared_queue(id));
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Http { action: String::new(), paused: false }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Http {
    action: String,
    paused: bool,
}

impl Http {
    fn properties(&self) {
        say!("time={}", self.get_current_time() > SystemTime::UNIX_EPOCH);
        say!("get_property={}",
             text(self.get_property(vec!["request", "method"])));
        self.set_property(vec!["mine"], Some(b"value"));
        say!("set_property={}", text(self.get_property(vec!["mine"])));
        say!("get_property none={:?}", self.get_property(vec!["no", "such"]));
    }

    fn shared(&self) {
        say!("get_shared_data={:?}", self.get_shared_data("key"));
        self.set_shared_data("key", Some(b"one"), None).unwrap();
        let (value, cas) = self.get_shared_data("key");
        say!("shared={} {}", text(value), cas.is_some());
        say!("set_shared_data={:?}",
             self.set_shared_data("key", Some(b"x"), cas.map(|n| n + 1)));
        say!("set_shared_data={:?}",
             self.set_shared_data("key", Some(b"two"), cas));
        say!("remove_shared_data={:?}", self.remove_shared_data("key", None));
        say!("removed={}", text(self.get_shared_data("key").0));
        let id = hostcalls::define_metric(MetricType::Gauge, "g").unwrap();
        hostcalls::record_metric(id, 5).unwrap();
        hostcalls::increment_metric(id, -2).unwrap();
        say!("get_metric={:?}", hostcalls::get_metric(id));
        say!("get_log_level={:?}", hostcalls::get_log_level());
        say!("foreign={}",
             text(self.call_foreign_function("base64_encode", Some(b"a"))
                      .unwrap()));
        say!("foreign={:?}", self.call_foreign_function("none", None));
    }
}

impl Context for Http {
    fn on_http_call_response(&mut self, _: u32, _: usize, n: usize, _: usize) {
        say!("paused: {}", text(self.get_http_call_response_body(0, n)));
        if self.action == "pause" {
            self.resume_http_request();
        } else {
            self.resume_http_response();
        }
    }

    fn on_done(&mut self) -> bool {
        say!("http on_done");
        true
    }
}

impl Http {
    fn wait(&mut self) -> Action {
        self.paused = true;
        self.dispatch_http_call(
            "up",
            vec![(":method", "GET"), (":path", "/called"),
                 (":authority", "a")],
            None,
            vec![],
            Duration::from_secs(1),
        )
        .unwrap();
        Action::Pause
    }
}

impl HttpContext for Http {
    fn on_http_request_headers(&mut self, n: usize, end: bool) -> Action {
        self.action =
            self.get_http_request_header("x-do").unwrap_or_default();
        match self.action.as_str() {
            "respond" => {
                self.send_http_response(403, vec![("x-l", "1")], Some(b"no"));
                return Action::Pause;
            }
            "grpc" => {
                self.send_grpc_response(
                    GrpcStatusCode::NotFound, Some("gone"),
                    vec![("x-m", b"1")]);
                return Action::Pause;
            }
            "grpc_call" => {
                let _ = self.dispatch_grpc_call(
                    "up", "s", "m", vec![], None, Duration::ZERO);
            }
            "reset" => {
                self.reset_http_request();
                return Action::Pause;
            }
            "pause" => return self.wait(),
            _ => (),
        }
        say!("on_http_request_headers {} {end}",
             n == self.get_http_request_headers().len());
        self.properties();
        self.shared();
        say!("request={}", list(self.get_http_request_headers()));
        say!("request bytes={}",
             list_bytes(self.get_http_request_headers_bytes()));
        say!("header={:?} {:?}", self.get_http_request_header("x-a"),
             self.get_http_request_header_bytes("x-a").map(|b| b.len()));
        self.set_http_request_header("x-a", Some("2"));
        self.set_http_request_header_bytes("x-b", Some(b"3"));
        self.add_http_request_header("x-b", "4");
        self.add_http_request_header_bytes("x-c", b"5");
        self.set_http_request_header("x-d", None);
        self.remove_http_request_header("x-e");
        let all = self.get_http_request_headers();
        self.set_http_request_headers(
            all.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect());
        let all = self.get_http_request_headers_bytes();
        self.set_http_request_headers_bytes(
            all.iter().map(|(k, v)| (k.as_str(), v.as_slice())).collect());
        Action::Continue
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        say!("on_http_request_body {size} {end} {}",
             text(self.get_http_request_body(0, size)));
        if !end {
            return Action::Pause;
        }
        self.set_http_request_body(0, size, b"changed");
        Action::Continue
    }

    fn on_http_response_headers(&mut self, n: usize, end: bool) -> Action {
        if self.action == "pause_response" && !self.paused {
            return self.wait();
        }
        if self.action == "reset_response" {
            self.reset_http_response();
            return Action::Pause;
        }
        say!("on_http_response_headers {} {end}",
             n == self.get_http_response_headers().len());
        say!("response={:?} {:?}", self.get_http_response_header(":status"),
             self.get_http_response_header_bytes("x-up").map(|b| b.len()));
        say!("response bytes={}",
             self.get_http_response_headers_bytes().len() == n);
        self.set_http_response_header("content-length", None);
        self.set_http_response_header_bytes("x-b", Some(b"3"));
        self.add_http_response_header("x-b", "4");
        self.add_http_response_header_bytes("x-c", b"5");
        self.remove_http_response_header("x-up");
        let all = self.get_http_response_headers();
        self.set_http_response_headers(
            all.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect());
        let all = self.get_http_response_headers_bytes();
        self.set_http_response_headers_bytes(
            all.iter().map(|(k, v)| (k.as_str(), v.as_slice())).collect());
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        say!("on_http_response_body {size} {end} {}",
             text(self.get_http_response_body(0, size)));
        if size > 0 {
            self.set_http_response_body(0, 1, b"J");
        }
        Action::Continue
    }

    fn on_http_response_trailers(&mut self, n: usize) -> Action {
        say!("on_http_response_trailers {n} {}",
             list(self.get_http_response_trailers()));
        say!("trailer={:?} {:?}", self.get_http_response_trailer("x-t"),
             self.get_http_response_trailer_bytes("x-none"));
        self.set_http_response_trailer("x-t", Some("two"));
        self.set_http_response_trailer_bytes("x-u", Some(b"3"));
        self.add_http_response_trailer("x-v", "4");
        self.add_http_response_trailer_bytes("x-w", b"5");
        self.remove_http_response_trailer("x-w");
        let all = self.get_http_response_trailers();
        self.set_http_response_trailers(
            all.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect());
        let all = self.get_http_response_trailers_bytes();
        self.set_http_response_trailers_bytes(
            all.iter().map(|(k, v)| (k.as_str(), v.as_slice())).collect());
        say!("trailers={}", list_bytes(self.get_http_response_trailers_bytes()));
        Action::Continue
    }

    fn on_log(&mut self) {
        // Outside of their time: there are no trailers of requests in nginx.
        say!("request trailers={}{}", list(self.get_http_request_trailers()),
             list_bytes(self.get_http_request_trailers_bytes()));
        say!("request trailer={:?}{:?}", self.get_http_request_trailer("x"),
             self.get_http_request_trailer_bytes("x"));
        say!("on_log");
    }
}
