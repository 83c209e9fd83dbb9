
/*
 * Sluice: properties, what their files share.
 */


#ifndef _NGX_HTTP_WASM_PROPERTY_H_INCLUDED_
#define _NGX_HTTP_WASM_PROPERTY_H_INCLUDED_


#include "ngx_http_wasm_module.h"


typedef struct ngx_http_wasm_attribute_s  ngx_http_wasm_attribute_t;

typedef enum pw_status (*ngx_http_wasm_attribute_pt)(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);

struct ngx_http_wasm_attribute_s {
    ngx_str_t                    path;
    ngx_http_wasm_attribute_pt   get;
    uintptr_t                    data;     /* for get */
};


/* ngx_http_wasm_property.c */

enum pw_status ngx_http_wasm_property_variable(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *name, struct pw_property *value);
enum pw_status ngx_http_wasm_property_str(struct pw_property *value,
    ngx_str_t *s);
enum pw_status ngx_http_wasm_property_int(struct pw_property *value,
    off_t n);

/* ngx_http_wasm_certificate.c: which part of which certificate */

#define NGX_HTTP_WASM_CERT_SUBJECT   0x00
#define NGX_HTTP_WASM_CERT_DNS       0x01
#define NGX_HTTP_WASM_CERT_URI       0x02
#define NGX_HTTP_WASM_CERT_DIGEST    0x03
#define NGX_HTTP_WASM_CERT_PART      0x0f
#define NGX_HTTP_WASM_CERT_PEER      0x10   /* not our own */
#define NGX_HTTP_WASM_CERT_UPSTREAM  0x20   /* not the client's connection */

enum pw_status ngx_http_wasm_certificate_get(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
enum pw_status ngx_http_wasm_certificate_tls(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);

/* ngx_http_wasm_attribute.c */

ngx_http_wasm_attribute_t *ngx_http_wasm_attribute(ngx_str_t *path);


#endif /* _NGX_HTTP_WASM_PROPERTY_H_INCLUDED_ */
