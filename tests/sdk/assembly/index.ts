// A plugin in AssemblyScript, on @solo-io/proxy-runtime; see
// tests/sdk/assembly.t.
export * from "@solo-io/proxy-runtime/proxy";
import {
  BaseContext, Context, FilterDataStatusValues, FilterHeadersStatusValues,
  Gauge, HeaderPair, Headers, LogLevelValues, RootContext, log,
  registerRootContext, send_local_response, stream_context, GrpcStatusValues,
} from "@solo-io/proxy-runtime";

function say(text: string): void {
  log(LogLevelValues.warn, text);
}

class Root extends RootContext {
  onStart(size: usize): bool {
    say("onStart " + size.toString());
    return true;
  }

  onConfigure(size: u32): bool {
    const good = super.onConfigure(size);
    say("onConfigure " + this.getConfiguration());
    const gauge = new Gauge("gauge");
    gauge.increment(3);
    return good;
  }

  createContext(id: u32): Context {
    return new Stream(id, this);
  }
}

class Stream extends Context {
  constructor(id: u32, root: RootContext) {
    super(id, root);
  }

  onRequestHeaders(n: u32, end: bool): FilterHeadersStatusValues {
    const headers = stream_context.headers.request;
    say("onRequestHeaders " + (n == headers.get_headers().length ? "all " : "")
      + end.toString() + " " + headers.get("x-a"));
    headers.add("x-b", "2");
    headers.replace("x-a", this.root_context.getConfiguration());
    headers.remove("x-c");
    if (headers.get("x-do") == "respond") {
      const more: Headers = [new HeaderPair(String.UTF8.encode("x-l"),
        String.UTF8.encode("1"))];
      send_local_response(403, "why", String.UTF8.encode("no"), more,
        GrpcStatusValues.Unknown);
      return FilterHeadersStatusValues.StopIteration;
    }
    if (headers.get("x-do") == "call") {
      const names = ["method", "path", "authority"];
      const values = ["GET", "/called", "a"];
      const call: Headers = [];
      for (let i = 0; i < 3; i++) {
        call.push(new HeaderPair(String.UTF8.encode(":" + names[i]),
          String.UTF8.encode(values[i])));
      }
      this.root_context.httpCall("up", call, new ArrayBuffer(0), [], 1000,
        this, (origin: BaseContext, n: u32, size: usize, m: u32) => {
          const answer = stream_context.headers.http_callback;
          say("httpCall " + answer.get(":status") + " " + size.toString());
          origin.continueRequest();
        });
      return FilterHeadersStatusValues.StopIteration;
    }
    if (headers.get("x-do") == "abort") {
      throw new Error("on purpose");
    }
    return FilterHeadersStatusValues.Continue;
  }

  onRequestBody(size: usize, end: bool): FilterDataStatusValues {
    say("onRequestBody " + size.toString() + " " + end.toString());
    return FilterDataStatusValues.Continue;
  }

  onResponseHeaders(n: u32, end: bool): FilterHeadersStatusValues {
    const headers = stream_context.headers.response;
    say("onResponseHeaders " + headers.get(":status"));
    headers.add("x-as", "yes");
    return FilterHeadersStatusValues.Continue;
  }

  onDone(): bool {
    say("onDone");
    return true;
  }

  onLog(): void {
    say("onLog");
  }
}

registerRootContext((id: u32) => new Root(id), "assembly");
