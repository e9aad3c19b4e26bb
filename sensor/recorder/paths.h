/* The files and folders that a recorder may open once it runs: what its configuration names. */
#ifndef TK_SENSOR_RECORDER_PATHS_H
#define TK_SENSOR_RECORDER_PATHS_H

#include "core/config/config.h"

/* Leaves the process nothing but them (confine.h). */
int recorder_confine(const struct config *cfg, struct err *e);

#endif
