/* Markup out of untrusted text. Private to the HTML output. */
#ifndef TK_REPORTS_HTML_H
#define TK_REPORTS_HTML_H

#include "reports/sheet.h"

/* Every text goes through here: control and bidi characters become visible, markup becomes text. */
void html_text(struct buf *out, const char *text);
/* open, text, close; `open` and `close` are markup. */
void html_element(struct buf *out, const char *open, const char *text, const char *close);
/* A figure with the chart as inline SVG. */
void html_chart(const struct sheet *s, const struct sheet_chart *c, struct buf *out);

#endif
