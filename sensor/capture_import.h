/* Capture files of an import: packets to events, for the tails that read the files. The context is a struct
 * parse_context: whose key makes the fingerprints, and who is a trusted proxy. One thread. */
#ifndef TK_SENSOR_CAPTURE_IMPORT_H
#define TK_SENSOR_CAPTURE_IMPORT_H

#include "sensor/input/tail.h"

extern const struct capture_reader capture_import;

#endif
