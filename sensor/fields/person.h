/* Who a gateway says has called: the headers of person.def, and the name in a client certificate. Bytes of
 * strangers: pure functions, no allocation. */
#ifndef TK_SENSOR_FIELDS_PERSON_H
#define TK_SENSOR_FIELDS_PERSON_H

#include "sensor/fields/context.h"
#include "sensor/fields/wanted.h"

enum person_fact { PERSON_USER, PERSON_CERTIFICATE, PERSON_CREDENTIAL, PERSON_DEPARTMENT, PERSON_FACTS };

/* The header of that name in the context's list, or in person.def where the context has none; NULL: it says
 * nothing of a person. *rank: of two with the same fact the smaller counts. */
const struct person_header *person_header(struct slice name, const struct parse_context *ctx, size_t *rank);

/* Whom a forwarded client certificate names: the CN of its subject, else (Envoy) its first URI. The value is
 * a subject as RFC 4514 writes it, or as OpenSSL does ("/C=JP/CN=yamada", "C = JP, CN = yamada"), Envoy's
 * X-Forwarded-Client-Cert (Subject or Cert), of which the first element is the caller's, or a certificate:
 * PEM as it is, percent-encoded or with blanks for line ends, bare base64, RFC 9440's ":base64:". A bare name
 * is itself. Empty: none. Borrows the value or the scratch. */
struct slice person_of_certificate(struct slice value, struct scratch *s);

#endif
