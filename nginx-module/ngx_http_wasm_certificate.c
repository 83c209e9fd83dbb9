
/*
 * Attributes of TLS certificates, of both ends and of both connections, the
 * client's and the upstream's.
 */


#include "ngx_http_wasm_property.h"


#if (NGX_HTTP_SSL)

#include <openssl/x509v3.h>


static SSL *ngx_http_wasm_certificate_ssl(ngx_http_wasm_ctx_t *ctx,
    uintptr_t data);
static ngx_int_t ngx_http_wasm_certificate_subject(ngx_pool_t *pool,
    X509 *cert, ngx_str_t *s);
static ngx_int_t ngx_http_wasm_certificate_dns(ngx_pool_t *pool, X509 *cert,
    ngx_str_t *s);
static ngx_int_t ngx_http_wasm_certificate_uri(ngx_pool_t *pool, X509 *cert,
    ngx_str_t *s);
static ngx_int_t ngx_http_wasm_certificate_digest(ngx_pool_t *pool,
    X509 *cert, ngx_str_t *s);
static ngx_int_t ngx_http_wasm_certificate_san(ngx_pool_t *pool, X509 *cert,
    int type, ngx_str_t *s);
static ngx_int_t ngx_http_wasm_certificate_copy(ngx_pool_t *pool,
    const void *data, size_t len, ngx_str_t *s);


typedef ngx_int_t (*ngx_http_wasm_certificate_pt)(ngx_pool_t *pool,
    X509 *cert, ngx_str_t *s);

static ngx_http_wasm_certificate_pt  ngx_http_wasm_certificate_parts[] = {
    ngx_http_wasm_certificate_subject,     /* NGX_HTTP_WASM_CERT_SUBJECT */
    ngx_http_wasm_certificate_dns,         /* NGX_HTTP_WASM_CERT_DNS */
    ngx_http_wasm_certificate_uri,         /* NGX_HTTP_WASM_CERT_URI */
    ngx_http_wasm_certificate_digest       /* NGX_HTTP_WASM_CERT_DIGEST */
};


/* data: NGX_HTTP_WASM_CERT_... */

enum pw_status
ngx_http_wasm_certificate_get(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    SSL        *ssl;
    X509       *cert;
    ngx_int_t   rc;
    ngx_str_t   s;

    ssl = ngx_http_wasm_certificate_ssl(ctx, row->data);

    if (ssl == NULL) {
        return PW_NOT_FOUND;
    }

    if (row->data & NGX_HTTP_WASM_CERT_PEER) {
        cert = SSL_get_peer_certificate(ssl);

    } else {
        cert = SSL_get_certificate(ssl);

        if (cert) {
            X509_up_ref(cert);
        }
    }

    if (cert == NULL) {
        return PW_NOT_FOUND;
    }

    rc = ngx_http_wasm_certificate_parts[row->data & NGX_HTTP_WASM_CERT_PART](
                                              ctx->request->pool, cert, &s);
    X509_free(cert);

    switch (rc) {

    case NGX_OK:
        return ngx_http_wasm_property_str(value, &s);

    case NGX_DECLINED:
        return PW_NOT_FOUND;

    default:
        return PW_INTERNAL_FAILURE;
    }
}


enum pw_status
ngx_http_wasm_certificate_tls(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    SSL        *ssl;
    ngx_str_t   s;

    ssl = ngx_http_wasm_certificate_ssl(ctx, row->data);

    if (ssl == NULL) {
        return PW_NOT_FOUND;
    }

    s.data = (u_char *) SSL_get_version(ssl);
    s.len = ngx_strlen(s.data);

    return ngx_http_wasm_property_str(value, &s);
}


static SSL *
ngx_http_wasm_certificate_ssl(ngx_http_wasm_ctx_t *ctx, uintptr_t data)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->request;
    c = r->connection;

    if (data & NGX_HTTP_WASM_CERT_UPSTREAM) {
        c = r->upstream ? r->upstream->peer.connection : NULL;
    }

    return (c && c->ssl) ? c->ssl->connection : NULL;
}


/* as in RFC 2253 */

static ngx_int_t
ngx_http_wasm_certificate_subject(ngx_pool_t *pool, X509 *cert, ngx_str_t *s)
{
    BIO        *bio;
    char       *data;
    long        len;
    ngx_int_t   rc;

    bio = BIO_new(BIO_s_mem());
    if (bio == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0,
                           XN_FLAG_RFC2253)
        >= 0)
    {
        len = BIO_get_mem_data(bio, &data);
        rc = ngx_http_wasm_certificate_copy(pool, data, (size_t) len, s);
    }

    BIO_free(bio);

    return rc;
}


static ngx_int_t
ngx_http_wasm_certificate_dns(ngx_pool_t *pool, X509 *cert, ngx_str_t *s)
{
    return ngx_http_wasm_certificate_san(pool, cert, GEN_DNS, s);
}


static ngx_int_t
ngx_http_wasm_certificate_uri(ngx_pool_t *pool, X509 *cert, ngx_str_t *s)
{
    return ngx_http_wasm_certificate_san(pool, cert, GEN_URI, s);
}


/* the first alternative name of a type */

static ngx_int_t
ngx_http_wasm_certificate_san(ngx_pool_t *pool, X509 *cert, int type,
    ngx_str_t *s)
{
    int             i;
    ngx_int_t       rc;
    ASN1_STRING    *text;
    GENERAL_NAME   *name;
    GENERAL_NAMES  *names;

    names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    if (names == NULL) {
        return NGX_DECLINED;
    }

    rc = NGX_DECLINED;

    for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        name = sk_GENERAL_NAME_value(names, i);

        if (name->type == type) {
            text = name->d.ia5;
            rc = ngx_http_wasm_certificate_copy(pool,
                                           ASN1_STRING_get0_data(text),
                                           (size_t) ASN1_STRING_length(text),
                                           s);
            break;
        }
    }

    GENERAL_NAMES_free(names);

    return rc;
}


static ngx_int_t
ngx_http_wasm_certificate_digest(ngx_pool_t *pool, X509 *cert, ngx_str_t *s)
{
    u_char        digest[EVP_MAX_MD_SIZE];
    unsigned int  len;

    if (!X509_digest(cert, EVP_sha256(), digest, &len)) {
        return NGX_ERROR;
    }

    s->data = ngx_pnalloc(pool, 2 * len);
    if (s->data == NULL) {
        return NGX_ERROR;
    }

    s->len = ngx_hex_dump(s->data, digest, len) - s->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_certificate_copy(ngx_pool_t *pool, const void *data, size_t len,
    ngx_str_t *s)
{
    s->data = ngx_pnalloc(pool, ngx_max(len, 1));
    if (s->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(s->data, data, len);
    s->len = len;

    return NGX_OK;
}

#else

/* an nginx without TLS */

enum pw_status
ngx_http_wasm_certificate_get(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    return PW_NOT_FOUND;
}


enum pw_status
ngx_http_wasm_certificate_tls(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    return PW_NOT_FOUND;
}

#endif
