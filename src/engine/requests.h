#pragma once

#include "engine/events.h"
#include "messages/requests.h"

namespace vitlab::engine {

// What vitlab-engine answers to each kind of request.
messages::ForwardAnswer answer(const messages::ForwardRequest& request, Events& events);
messages::TrainAnswer answer(const messages::TrainRequest& request, Events& events);
messages::ProfileAnswer answer(const messages::ProfileRequest& request, Events& events);
messages::MeasureAnswer answer(const messages::MeasureRequest& request, Events& events);
messages::SampleAnswer answer(const messages::SampleRequest& request, Events& events);
messages::SimilarityAnswer answer(const messages::SimilarityRequest& request, Events& events);
messages::PruneAnswer answer(const messages::PruneRequest& request, Events& events);
messages::EvaluateAnswer answer(const messages::EvaluateRequest& request, Events& events);
messages::ExportAnswer answer(const messages::ExportRequest& request, Events& events);
messages::DoctorAnswer answer(const messages::DoctorRequest& request, Events& events);
messages::WorkAnswer answer(const messages::WorkRequest& request, Events& events);

}  // namespace vitlab::engine
