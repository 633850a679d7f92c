//! Accepts connections and serves HTTP/1.1 on each until told to stop; then lets open requests finish, and cuts them at
//! the deadline.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::sleep;
use tower_service::Service;

use crate::admission::{Answering, Permit};
use crate::app::App;
use crate::caller::{Caller, Peer};
use crate::limits::HEADER_BYTES_MAX;
use crate::listen::Listener;
use crate::socket::{Socket, Stream};
use crate::{base_path, security_headers};

/// Pause after an accept error: exhausted file descriptors become free when a connection closes.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Accepts until the stop signal.
pub(crate) async fn accept(listener: Listener, router: Router, app: Arc<App>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = app.stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => take(stream, peer, &router, &app),
            Err(error) => {
                tracing::warn!(%error, listener = listener.address(), "a connection could not be accepted");
                tokio::select! {
                    () = sleep(ACCEPT_REST) => {}
                    () = app.stop.cancelled() => return,
                }
            }
        }
    }
}

fn take(stream: Stream, peer: Peer, router: &Router, app: &Arc<App>) {
    let Some(permit) = app.admission.admit(peer, &app.settings) else {
        tracing::warn!(?peer, "too many connections, one is refused");
        return;
    };
    let socket = Socket::new(stream, app.settings.limits, Arc::clone(&permit));
    let serving = serve(socket, peer, router.clone(), Arc::clone(app), Arc::clone(&permit));
    app.tasks.spawn(async move {
        tokio::select! {
            () = serving => {}
            () = permit.evicted() => tracing::debug!(?peer, "an idle connection was closed for a newcomer"),
        }
    });
}

async fn serve(socket: Socket, peer: Peer, router: Router, app: Arc<App>, permit: Arc<Permit>) {
    let service = service_fn(|request| {
        let answering = permit.answering();
        let answer = answer(request, peer, router.clone(), Arc::clone(&app));
        async move { Ok::<_, Infallible>(held(answer.await?, answering)) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(app.settings.limits.headers_within)
        .max_header_size(HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = app.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = app.cut.cancelled() => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(?peer, %error, "a connection ended early");
    }
}

/// Wraps the answer so that it holds `answering` until its last byte is sent.
fn held(response: Response, answering: Answering) -> Response {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        answering.forever();
        return response;
    }
    response.map(|body| Body::new(HeldBody { body, _answering: answering }))
}

struct HeldBody {
    body: Body,
    _answering: Answering,
}

impl HttpBody for HeldBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

async fn answer(
    mut request: Request<Incoming>,
    peer: Peer,
    mut router: Router,
    app: Arc<App>,
) -> Result<Response, Infallible> {
    let caller = Caller::of(peer, request.headers(), &app.settings);
    let page_csp = app.page.policy(&caller);
    let response = match base_path::strip(request.uri(), &app.settings.base_path) {
        base_path::BasePathMatch::Redirect(location) => base_path::redirect(&location),
        base_path::BasePathMatch::Unchanged => {
            request.extensions_mut().insert(caller);
            router.call(request.map(Body::new)).await?
        }
        base_path::BasePathMatch::To(uri) => {
            *request.uri_mut() = uri;
            request.extensions_mut().insert(caller);
            router.call(request.map(Body::new)).await?
        }
    };
    Ok(security_headers::set(response, page_csp))
}
