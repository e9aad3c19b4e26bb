/* Calls and what they used, for test_usage.c. */
#ifndef TK_TESTS_USAGE_CASES_H
#define TK_TESTS_USAGE_CASES_H

#define CHAT "/v1/chat/completions"
#define OPENAI "api.openai.com"
#define EVENTS "text/event-stream"
#define JSON "application/json"

struct test_case {
	const char *name, *host, *path, *media, *request, *response;
	/* "request model>response model#id input+output cached/written/reasoning quality stream", then the
	 * rest */
	const char *want;
};

/* What some cases have beside: the request's type, a header of the response. */
struct extra {
	const char *name, *request_type, *header, *value;
};

#define AWS "application/vnd.amazon.eventstream"
#define BEDROCK "bedrock-runtime.us-east-1.amazonaws.com"
#define FORM "multipart/form-data; boundary=\"AaB\""
#define GOOGLE "generativelanguage.googleapis.com"

/* The bodies have ' where JSON has ". Those of AWS have a message in a line; one that begins with '!' goes in
 * base64, '?' is a message whose lengths are wrong. */
static const struct test_case cases[] = {
	{ "nothing", OPENAI, CHAT, "", "", "", ">#-1+-1 -1/-1/-1 none -1" },
	{ "chat", OPENAI, CHAT, JSON,
	  "{'messages':[{'content':'\\'model\\':'}],'model':'m','user':'u1'}",
	  "{'id':'c1','model':'m-1','service_tier':'flex','usage':{'prompt_tokens':10,"
	  "'completion_tokens':5,'total_tokens':15,'prompt_tokens_details':{'cached_tokens':4,"
	  "'cache_write_tokens':2},'completion_tokens_details':{'reasoning_tokens':3}}}",
	  "m>m-1#c1 10+5 4/2/3 exact 0 tier flex user u1" },
	{ "no usage", OPENAI, CHAT, JSON, "{}", "{'id':'c1','choices':[]}",
	  ">#c1 -1+-1 -1/-1/-1 none 0" },
	{ "usage is null", OPENAI, CHAT, JSON, "", "{'usage':null}", ">#-1+-1 -1/-1/-1 none 0" },
	{ "an empty block", OPENAI, CHAT, JSON, "", "{'usage':{}}", ">#-1+-1 -1/-1/-1 none 0" },
	{ "zeros are zeros", OPENAI, CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':0,'completion_tokens':0}}", ">#0+0 -1/-1/-1 exact 0" },
	{ "input only", OPENAI, CHAT, JSON, "", "{'usage':{'prompt_tokens':3}}",
	  ">#3+-1 -1/-1/-1 partial 0" },
	{ "the total says the rest", OPENAI, CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':3,'total_tokens':9}}", ">#3+6 -1/-1/-1 exact 0" },
	{ "the total alone says nothing", OPENAI, CHAT, JSON, "", "{'usage':{'total_tokens':9}}",
	  ">#-1+-1 -1/-1/-1 partial 0" },
	{ "negative and absurd numbers", OPENAI, CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':-3,'completion_tokens':99999999999999,'prompt_tokens':1.5,"
	  "'input_tokens':'7'}}", ">#-1+-1 -1/-1/-1 none 0" },
	{ "numbers with a fraction of zero", OPENAI, CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':3.0,'completion_tokens':1e1}}", ">#3+10 -1/-1/-1 exact 0" },
	{ "twice: the last", OPENAI, CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':1,'completion_tokens':1,'prompt_tokens':2}}",
	  ">#2+1 -1/-1/-1 exact 0" },
	{ "cached more than sent", OPENAI, CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':5,'completion_tokens':2,'prompt_tokens_details':{"
	  "'cached_tokens':9,'cache_write_tokens':3},'completion_tokens_details':{"
	  "'reasoning_tokens':7}}}", ">#5+2 5/0/2 exact 0" },
	{ "reasoning outside of the output", "api.x.ai", CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':20,'completion_tokens':1,'total_tokens':29,"
	  "'completion_tokens_details':{'reasoning_tokens':8}}}", ">#20+9 -1/-1/8 exact 0" },
	{ "audio outside of the input", "api.mistral.ai", CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':2,'total_tokens':45,'completion_tokens':3,"
	  "'prompt_tokens_details':{'audio_tokens':40}}}", ">#42+3 -1/-1/-1 exact 0 [audio_input=40]" },
	{ "audio inside of it", OPENAI, CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':50,'total_tokens':53,'completion_tokens':3,"
	  "'prompt_tokens_details':{'audio_tokens':40}}}", ">#50+3 -1/-1/-1 exact 0 [audio_input=40]" },
	{ "thinking that only the total knows", "generativelanguage.googleapis.com",
	  "/v1beta/openai/chat/completions", JSON, "",
	  "{'usage':{'completion_tokens':6,'prompt_tokens':60,'total_tokens':90}}",
	  ">#60+30 -1/-1/24 exact 0" },
	{ "a total that is too small", OPENAI, CHAT, JSON, "",
	  "{'usage':{'completion_tokens':6,'prompt_tokens':60,'total_tokens':9}}",
	  ">#60+6 -1/-1/-1 exact 0" },
	{ "cache hits beside the details", "api.deepseek.com", "/chat/completions", JSON, "",
	  "{'usage':{'prompt_tokens':9,'completion_tokens':1,'prompt_cache_hit_tokens':8,"
	  "'prompt_cache_miss_tokens':1}}", ">#9+1 8/-1/-1 exact 0" },
	{ "cost as a number", "openrouter.ai", "/api/v1/chat/completions", JSON, "",
	  "{'usage':{'prompt_tokens':9,'completion_tokens':1,'cost':0.00333825}}",
	  ">#9+1 -1/-1/-1 exact 0 cost 3338250000" },
	{ "cost as an object", "api.perplexity.ai", "/chat/completions", JSON, "",
	  "{'usage':{'prompt_tokens':9,'completion_tokens':1,'cost':{'request_cost':0.005,"
	  "'total_cost':0.0051}}}", ">#9+1 -1/-1/-1 exact 0 cost 5100000000" },
	{ "cost in ticks", "api.x.ai", CHAT, JSON, "", "{'usage':{'cost_in_usd_ticks':12}}",
	  ">#-1+-1 -1/-1/-1 partial 0 cost 1200" },
	{ "embeddings", OPENAI, "/v1/embeddings", JSON, "{'input':['a'],'model':'e'}",
	  "{'data':[{'embedding':[0.1,-2e-3]}],'model':'e-1','usage':{'prompt_tokens':7,"
	  "'total_tokens':7}}", "e>e-1#7+0 -1/-1/-1 exact 0" },
	{ "embeddings with a total alone", "api.voyageai.com", "/v1/embeddings", JSON, "",
	  "{'usage':{'total_tokens':7}}", ">#7+0 -1/-1/-1 exact 0" },
	{ "responses", OPENAI, "/v1/responses", JSON, "{'safety_identifier':'s','model':'m'}",
	  "{'id':'r','tool_usage':{'image_gen':{'input_tokens':9}},'output':[{'id':'x','model':'no'}],"
	  "'usage':{'input_tokens':8,'input_tokens_details':{'cached_tokens':1},'output_tokens':4,"
	  "'output_tokens_details':{'reasoning_tokens':2},'total_tokens':12}}",
	  "m>#r 8+4 1/-1/2 exact 0 user s" },
	{ "a response asked for later", OPENAI, "/v1/responses/resp_1", JSON, "",
	  "{'id':'resp_1','usage':{'input_tokens':8,'output_tokens':4}}",
	  ">#resp_1 8+4 -1/-1/-1 exact 0" },
	{ "a count is no use", OPENAI, "/v1/responses/input_tokens", JSON, "{'model':'m'}",
	  "{'input_tokens':8,'usage':{'input_tokens':8,'output_tokens':1}}",
	  "m>#-1+-1 -1/-1/-1 none 0" },
	{ "an error", OPENAI, CHAT, JSON, "{'model':'m'}", "{'error':{'message':'usage','code':429}}",
	  "m>#-1+-1 -1/-1/-1 none 0" },
	{ "a body that is no JSON", OPENAI, CHAT, "text/html", "--boundary\r\n",
	  "<html>{'usage':{'prompt_tokens':1}}", ">#-1+-1 -1/-1/-1 none 0" },
	{ "text that begins like an event", OPENAI, "/v1/audio/transcriptions", "text/plain", "", "dat",
	  ">#-1+-1 -1/-1/-1 none 0" },
	{ "a byte order mark", OPENAI, CHAT, JSON, "",
	  "\xef\xbb\xbf{'usage':{'prompt_tokens':1,'completion_tokens':2}}", ">#1+2 -1/-1/-1 exact 0" },
	{ "azure: the body's model", "x.openai.azure.com", "/openai/deployments/dep/chat/completions",
	  JSON, "{'model':'m'}", "{'model':'','usage':{'prompt_tokens':1,'completion_tokens':2}}",
	  "m>#1+2 -1/-1/-1 exact 0" },
	{ "behind a gateway", "llm.hospital.example", "/proxy" CHAT, JSON, "",
	  "{'system_fingerprint':'fp_ollama','usage':{'prompt_tokens':1,'completion_tokens':2}}",
	  ">#1+2 -1/-1/-1 exact 0 by ollama" },

	{ "a stream", OPENAI, CHAT, EVENTS, "{'model':'m','stream':true}",
	  "data: {'id':'','model':'','choices':[]}\n\n"
	  "data: {'id':'c','model':'m1','choices':[{'delta':{'content':'data: [DONE]'}}],"
	  "'usage':null}\n\n: comment\n\ndata: {'id':'c','model':'m1','choices':[],'usage':{"
	  "'prompt_tokens':6,'completion_tokens':7}}\n\ndata: [DONE]\n\n",
	  "m>m1#c 6+7 -1/-1/-1 exact 1" },
	{ "a stream without usage", OPENAI, CHAT, EVENTS, "",
	  "data: {'model':'m1','usage':null}\r\n\r\ndata: [DONE]\r\n\r\n",
	  ">m1#-1+-1 -1/-1/-1 none 1" },
	{ "a stream whose type nobody says", OPENAI, CHAT, "", "",
	  "event: x\ndata: {'usage':{'prompt_tokens':1,'completion_tokens':2}}\n\n",
	  ">#1+2 -1/-1/-1 exact 1" },
	{ "no stream, though its type says so", OPENAI, CHAT, EVENTS, "", "{'error':{}}",
	  ">#-1+-1 -1/-1/-1 none 0" },
	{ "usage grows: the last", "api.perplexity.ai", "/chat/completions", EVENTS, "",
	  "data: {'usage':{'prompt_tokens':6,'completion_tokens':1,'total_tokens':7}}\r\rdata: {"
	  "'usage':{'prompt_tokens':6,'completion_tokens':5,'total_tokens':11}}\r\rdata: {"
	  "'usage':null}\r\r", ">#6+5 -1/-1/-1 exact 1" },
	{ "x_groq", "api.groq.com", "/openai" CHAT, EVENTS, "",
	  "data: {'x_groq':{'id':'q'}}\n\n"
	  "data: {'id':'c','x_groq':{'id':'q','usage':{'prompt_tokens':6,'completion_tokens':1}}}\n\n",
	  ">#c 6+1 -1/-1/-1 exact 1" },
	{ "an error in a stream, then usage", "openrouter.ai", "/api/v1/chat/completions", EVENTS, "",
	  "data: {'error':{'code':502}}\n\ndata: {oops\n\n"
	  "data: {'usage':{'prompt_tokens':6,'completion_tokens':1}}\n\n", ">#6+1 -1/-1/-1 exact 1" },
	{ "responses streamed", OPENAI, "/v1/responses", EVENTS, "",
	  "event: response.created\ndata: {'type':'response.created','response':{'id':'r','model':'m1',"
	  "'usage':null}}\n\nevent: response.incomplete\n"
	  "data: {'type':'response.incomplete','response':{'id':'r','model':'m1','usage':{"
	  "'input_tokens':8,'output_tokens':4}}}\n\n", ">m1#r 8+4 -1/-1/-1 exact 1" },

	{ "anthropic", "api.anthropic.com", "/v1/messages", JSON,
	  "{'model':'m','metadata':{'user_id':'u'}}",
	  "{'id':'a','model':'m1','usage':{'input_tokens':3,'cache_creation_input_tokens':5,"
	  "'cache_read_input_tokens':7,'output_tokens':9,'output_tokens_details':{"
	  "'thinking_tokens':4}}}", "m>m1#a 15+9 7/5/4 exact 0 user u" },
	{ "anthropic streamed", "api.anthropic.com", "/v1/messages", EVENTS, "",
	  "event: message_start\ndata: {'type':'message_start','message':{'id':'a','model':'m1',"
	  "'usage':{'input_tokens':3,'cache_read_input_tokens':7,'output_tokens':2}}}\n\n"
	  "data: {'type':'message_delta','usage':{'output_tokens':90}}\n\n",
	  ">m1#a 10+90 7/-1/-1 exact 1" },
	{ "anthropic without its last usage", "api.anthropic.com", "/v1/messages", EVENTS, "",
	  "data: {'message':{'usage':{'input_tokens':3,'output_tokens':2}}}\n\n",
	  ">#3+2 -1/-1/-1 partial 1" },
	{ "anthropic in several passes", "api.anthropic.com", "/v1/messages", JSON, "",
	  "{'usage':{'input_tokens':3,'output_tokens':2,'iterations':[{'input_tokens':100,"
	  "'output_tokens':10},{'input_tokens':3,'cache_read_input_tokens':50,'output_tokens':2}]}}",
	  ">#153+12 50/-1/-1 exact 0 [pass=100/10/0/0/0/,pass=53/2/50/0/0/]" },
	{ "anthropic asks another model", "api.anthropic.com", "/v1/messages", JSON, "",
	  "{'usage':{'input_tokens':3,'output_tokens':2,'iterations':[{'model':'a,b=c','input_tokens':100,"
	  "'output_tokens':10,'cache_creation_input_tokens':5,"
	  "'cache_creation':{'ephemeral_1h_input_tokens':4}}]}}",
	  ">#105+10 -1/5/-1 exact 0 [cache_write_1h=4,pass=105/10/0/5/4/a_b=c]" },
	{ "anthropic in one pass", "api.anthropic.com", "/v1/messages", JSON, "",
	  "{'usage':{'input_tokens':3,'output_tokens':2,'iterations':[{'input_tokens':3,"
	  "'output_tokens':2}]}}",
	  ">#3+2 -1/-1/-1 exact 0" },
	{ "anthropic in too many passes", "api.anthropic.com", "/v1/messages", JSON, "",
	  "{'usage':{'output_tokens':2,'iterations':[{'input_tokens':1},{'input_tokens':1},"
	  "{'input_tokens':1},"
	  "{'input_tokens':1},{'input_tokens':1},{'input_tokens':1},{'input_tokens':1},{'input_tokens':1},"
	  "{'input_tokens':1,'output_tokens':9}]}}",
	  ">#9+9 -1/-1/-1 exact 0 [unlisted=1,pass=1/0/0/0/0/,pass=1/0/0/0/0/,pass=1/0/0/0/0/,"
	  "pass=1/0/0/0/0/,"
	  "pass=1/0/0/0/0/,pass=1/0/0/0/0/,pass=1/0/0/0/0/,pass=2/9/0/0/0/]" },
	{ "anthropic: what is billed beside", "api.anthropic.com", "/v1/messages", JSON, "",
	  "{'usage':{'input_tokens':3,'output_tokens':2,'cache_creation_input_tokens':9,'cache_creation':{"
	  "'ephemeral_5m_input_tokens':1,'ephemeral_1h_input_tokens':8},'server_tool_use':{"
	  "'web_search_requests':2},'inference_geo':'us','speed':'fast'}}",
	  ">#12+2 -1/9/-1 exact 0 [cache_write_1h=8,searches=2,geo_us=1,fast=1]" },
	{ "anthropic's batch", "api.anthropic.com", "/v1/messages/batches/b/results", "application/x-jsonl",
	  "",
	  "{'custom_id':'0','result':{'message':{'model':'m','usage':{'input_tokens':3,'output_tokens':2,"
	  "'cache_read_input_tokens':4}}}}\n{'result':{'type':'errored'}}\n"
	  "{'result':{'message':{'model':'m','usage':{'input_tokens':5,'output_tokens':6}}}}\n",
	  ">m#12+8 4/-1/-1 exact 0 did batch_results" },
	{ "anthropic counts", "api.anthropic.com", "/v1/messages/count_tokens", JSON, "",
	  "{'input_tokens':3}", ">#-1+-1 -1/-1/-1 none 0" },
	{ "gemini", "generativelanguage.googleapis.com", "/v1beta/models/g:generateContent", JSON,
	  "{'model':'models/g'}",
	  "{'responseId':'i','modelVersion':'g1','usageMetadata':{'promptTokenCount':10,"
	  "'candidatesTokenCount':2,'thoughtsTokenCount':5,'toolUsePromptTokenCount':3,"
	  "'cachedContentTokenCount':4}}", ">g1#i 13+7 4/-1/5 exact 0" },
	{ "gemini: kinds of tokens", GOOGLE, "/v1beta/models/g:generateContent", JSON, "",
	  "{'candidates':[{'groundingMetadata':{'x':1}}],'usageMetadata':{'promptTokenCount':10,"
	  "'candidatesTokenCount':9,'promptTokensDetails':[{'modality':'TEXT','tokenCount':3},"
	  "{'tokenCount':6,"
	  "'modality':'AUDIO'},{'modality':'IMAGE','tokenCount':1}],'candidatesTokensDetails':[{"
	  "'modality':'IMAGE','tokenCount':9}],'cachedContentTokenCount':2,'cacheTokensDetails':[{"
	  "'modality':'AUDIO','tokenCount':2}]}}",
	  ">#10+9 2/-1/-1 exact 0 [audio_input=6,audio_cached=2,image_input=1,image_output=9,searches=1]" },
	{ "gemini's batch, its list twice", GOOGLE, "/v1beta/batches/b", JSON, "",
	  "{'metadata':{'output':{'inlinedResponses':{'inlinedResponses':[{'response':{'modelVersion':'g',"
	  "'usageMetadata':{'promptTokenCount':10,'thoughtsTokenCount':5}}}]}}},"
	  "'response':{'inlinedResponses':{"
	  "'inlinedResponses':[{'response':{'modelVersion':'g','usageMetadata':{'promptTokenCount':10,"
	  "'thoughtsTokenCount':5}}}]}}}", ">g#10+5 -1/-1/5 exact 0 did batch_results" },
	{ "vertex embeds", "aiplatform.googleapis.com",
	  "/v1/projects/p/locations/l/publishers/google/models/e:predict", JSON, "",
	  "{'predictions':[{'embeddings':{'statistics':{'token_count':3}}},{'embeddings':{'statistics':{"
	  "'token_count':4},'values':[1]}}]}", ">#7+0 -1/-1/-1 exact 0 did embeddings" },
	{ "vertex paints", "aiplatform.googleapis.com",
	  "/v1/projects/p/locations/l/publishers/google/models/imagen:predict", JSON, "",
	  "{'predictions':[{'bytesBase64Encoded':'AA','mimeType':'image/png'},{'mimeType':'image/png'}]}",
	  ">#-1+-1 -1/-1/-1 none 0 [images=2] did image_generation" },
	{ "gemini leaves zeros out", "generativelanguage.googleapis.com",
	  "/v1beta/models/g:embedContent", JSON, "", "{'usageMetadata':{'promptTokenCount':10}}",
	  ">#10+0 -1/-1/-1 exact 0" },
	{ "gemini as one array", "generativelanguage.googleapis.com",
	  "/v1beta/models/g:streamGenerateContent", JSON, "",
	  "[{'usageMetadata':{'promptTokenCount':10,'candidatesTokenCount':1}}\r\n,\r\n"
	  "{'usageMetadata':{'promptTokenCount':10,'candidatesTokenCount':6}}]",
	  ">#10+6 -1/-1/-1 exact 1" },
	{ "cohere bills less than it counts", "api.cohere.com", "/v2/chat", JSON, "{'model':'c'}",
	  "{'id':'i','usage':{'billed_units':{'input_tokens':7.0,'output_tokens':9},'tokens':{"
	  "'input_tokens':69,'output_tokens':12},'cached_tokens':64}}", "c>#i 7+9 -1/-1/-1 exact 0" },
	{ "cohere in lines", "api.cohere.com", "/v1/chat", "application/stream+json", "",
	  "{'event_type':'x'}\n{'response':{'response_id':'i','meta':{'billed_units':{'input_tokens':7,"
	  "'output_tokens':9}}}}\n", ">#i 7+9 -1/-1/-1 exact 1" },
	{ "cohere searches", "api.cohere.com", "/v2/rerank", JSON, "",
	  "{'meta':{'billed_units':{'search_units':1}}}", ">#0+0 -1/-1/-1 exact 0 [search_units=1]" },
	{ "cohere behind a gateway", "llm.hospital.example", "/v1/chat", JSON, "",
	  "{'meta':{'billed_units':{'input_tokens':7,'output_tokens':9}}}", ">#7+9 -1/-1/-1 exact 0" },
	{ "ollama in lines", "gpu.hospital.example", "/api/chat", "application/x-ndjson",
	  "{'model':'l'}",
	  "{'model':'l','done':false}\n{'model':'l','done':true,'prompt_eval_count':5,"
	  "'eval_count':6}\n", "l>l#5+6 -1/-1/-1 exact 1" },
	{ "converse", BEDROCK, "/model/m/converse", JSON, "{'messages':[]}",
	  "{'usage':{'inputTokens':11,'outputTokens':4,'cacheReadInputTokens':2,'cacheReadInputTokenCount':2,"
	  "'cacheWriteInputTokens':5,'cacheWriteInputTokenCount':5,'totalTokens':22,"
	  "'cacheDetails':[{'ttl':'5m',"
	  "'inputTokens':1},{'ttl':'1h','inputTokens':4}]}}", ">#18+4 2/5/-1 exact 0 [cache_write_1h=4]" },
	{ "converse streamed", BEDROCK, "/model/m/converse-stream", AWS, "",
	  "{'role':'assistant'}\n{'delta':{'text':'usage'}}\n{'usage':{'inputTokens':7,'outputTokens':8}}\n",
	  ">#7+8 -1/-1/-1 exact 1" },
	{ "an exception in a stream", BEDROCK, "/model/m/converse-stream", AWS, "",
	  "{'role':'assistant'}\n{'message':'Too many requests'}\n", ">#-1+-1 -1/-1/-1 none 1" },
	{ "lengths that are wrong", BEDROCK, "/model/m/converse-stream", AWS, "",
	  "?{}\n{'usage':{'inputTokens':7,'outputTokens':8}}\n", ">#-1+-1 -1/-1/-1 none 1" },
	{ "invoke: anthropic", BEDROCK, "/model/m/invoke", JSON, "{'messages':[]}",
	  "{'id':'a','model':'m1','usage':{'input_tokens':3,'cache_read_input_tokens':7,'output_tokens':9}}",
	  ">m1#a 10+9 7/-1/-1 exact 0 did chat" },
	{ "invoke streamed: the larger counts", BEDROCK, "/model/m/invoke-with-response-stream", AWS,
	  "{'messages':[{}]}",
	  "!{'message':{'id':'a','model':'m1','usage':{'input_tokens':3,'output_tokens':1}}}\n"
	  "!{'delta':{'text':'bytes'},'bytes':'x'}\n!{'usage':{'output_tokens':130}}\n"
	  "!{'amazon-bedrock-invocationMetrics':{'inputTokenCount':3,'outputTokenCount':98}}\n",
	  ">m1#a 3+130 -1/-1/-1 exact 1 did chat" },
	{ "invoke streamed: nova", BEDROCK, "/model/m/invoke-with-response-stream", AWS, "{'messages':[]}",
	  "!{'metadata':{'usage':{'inputTokens':12,'outputTokens':13,'cacheReadInputTokenCount':1}},"
	  "'amazon-bedrock-invocationMetrics':{'inputTokenCount':12,'outputTokenCount':13}}\n",
	  ">#13+13 1/-1/-1 exact 1 did chat" },
	{ "invoke: titan", BEDROCK, "/model/m/invoke", JSON, "{'inputText':'x'}",
	  "{'inputTextTokenCount':5.0,'results':[{'tokenCount':10},{'tokenCount':1}]}",
	  ">#5+11 -1/-1/-1 exact 0 did text_completion" },
	{ "invoke: a guardrail lets nothing in", BEDROCK, "/model/m/invoke-with-response-stream", AWS, "",
	  "!{'outputText':'no','totalOutputTextTokenCount':3,'inputTextTokenCount':6,"
	  "'amazon-bedrock-guardrailAction':'INTERVENED'}\n", ">#6+0 -1/-1/-1 exact 1 did text_completion" },
	{ "invoke: llama", BEDROCK, "/model/m/invoke", JSON, "{'prompt':'x'}",
	  "{'generation':'x','prompt_token_count':5,'generation_token_count':6}",
	  ">#5+6 -1/-1/-1 exact 0 did text_completion" },
	{ "invoke: embeddings, told in a header", BEDROCK, "/model/m/invoke", JSON, "{'texts':[]}",
	  "{'embeddings':[[1.5]]}", ">#7+0 -1/-1/-1 exact 0 did embeddings" },
	{ "invoke: a rerank", BEDROCK, "/model/m/invoke", JSON, "{'query':'x'}",
	  "{'results':[{'index':2,'relevance_score':0.8}]}", ">#-1+-1 -1/-1/-1 none 0 did rerank" },
	{ "watsonx", "us-south.ml.cloud.ibm.com", "/ml/v1/text/generation", JSON, "", "{}",
	  ">#-1+-1 -1/-1/-1 none 0" },
	{ "watsonx tells the input once", "us-south.ml.cloud.ibm.com", "/ml/v1/generation/text_stream",
	  EVENTS,
	  "{'model_id':'m'}",
	  "id: 1\ndata: {'model_id':'m','results':[{'generated_token_count':0,'input_token_count':8}]}\n\n"
	  "data: {'model_id':'m','results':[{'generated_token_count':4,'input_token_count':0}]}\n\n",
	  "m>m#8+4 -1/-1/-1 exact 1" },
	{ "aleph alpha", "api.aleph-alpha.com", "/complete", JSON, "{'model':'l'}",
	  "{'completions':[{}],'model_version':'v'}", "l>v#-1+-1 -1/-1/-1 none 0 did text_completion" },
	{ "text generation inference", "x.us-east-1.aws.endpoints.huggingface.cloud", "/", JSON,
	  "{'inputs':'x'}",
	  "[{'generated_text':'x','details':{'generated_tokens':75,'prefill':[]}}]",
	  ">#-1+75 -1/-1/-1 partial 0 did text_completion" },
	{ "its prefill", "runtime.sagemaker.us-east-1.amazonaws.com", "/endpoints/e/invocations", JSON, "",
	  "{'generated_text':'x','details':{'generated_tokens':5,'prefill':[{'id':1},{'id':2}]}}",
	  ">#2+5 -1/-1/-1 exact 0 did text_completion" },
	{ "a form", OPENAI, "/v1/audio/transcriptions", JSON,
	  "--AaB\r\nContent-Disposition: form-data; name='file'; filename='model'\r\n\r\nmodel=x\r\n--Aa\r\n"
	  "\r\n--AaB\r\ncontent-disposition: form-data;name='model'\r\nContent-Type: text/plain\r\n\r\n"
	  "m\r\n1\r\n--AaB--\r\n", "{'duration':3.75}",
	  "m\r\n1>#-1+-1 -1/-1/-1 none 0 [milliseconds=3750]" },
	{ "a form whose end is missing", OPENAI, "/v1/images/edits", JSON,
	  "preamble\r\n--AaB\r\nContent-Disposition: form-data; name=user\r\n\r\n\r\n--AaB \r\n"
	  "Content-Disposition: form-data; name=model\r\n\r\nm", "{'data':[{'url':'x'},{'b64_json':'AA'}]}",
	  ">#-1+-1 -1/-1/-1 none 0 [images=2]" },
	{ "images by tokens", OPENAI, "/v1/images/generations", JSON, "{'model':'m'}",
	  "{'data':[{}],'usage':{'input_tokens':5,'output_tokens':6,"
	  "'input_tokens_details':{'image_tokens':2}}}",
	  "m>#5+6 -1/-1/-1 exact 0 [image_input=2]" },
	{ "transcription by its length", OPENAI, "/v1/audio/transcriptions", JSON, "",
	  "{'usage':{'type':'duration','seconds':4}}", ">#-1+-1 -1/-1/-1 partial 0 [milliseconds=4000]" },
	{ "speech", OPENAI, "/v1/audio/speech", "audio/mpeg",
	  "{'input':'a\xe6\x82\xa3\\n\\u60a3\\ud83d\\ude00\\\\','model':'t'}", "\xff\xf3",
	  "t>#-1+-1 -1/-1/-1 none 0 [characters=6]" },
	{ "pages", "api.mistral.ai", "/v1/ocr", JSON, "", "{'usage_info':{'pages_processed':2}}",
	  ">#0+0 -1/-1/-1 exact 0 [pages=2]" },
	{ "searches of responses", OPENAI, "/v1/responses", EVENTS, "",
	  "data: {'response':{'output':[]}}\n\ndata: {'response':{'output':[{'type':'web_search_call'},{"
	  "'type':'message'},{'type':'web_search_call'}],'usage':{'input_tokens':8,'output_tokens':4}}}\n\n",
	  ">#8+4 -1/-1/-1 exact 1 [searches=2]" },
	{ "an output file says again what the batch said", OPENAI, "/v1/files/f/content",
	  "application/octet-stream",
	  "", "{'id':'r','response':{'body':{'model':'e','usage':{'prompt_tokens':7}}}}\n",
	  ">e#r -1+-1 -1/-1/-1 none 0 did batch_results" },
	{ "mistral's is the only one", "api.mistral.ai", "/v1/files/f/content", "application/octet-stream",
	  "",
	  "{'response':{'body':{'model':'e','usage':{'prompt_tokens':7,'completion_tokens':1}}}}\n"
	  "{'response':{'body':{'model':'e','usage':{'prompt_tokens':2,'completion_tokens':1}}}}\n",
	  ">e#9+2 -1/-1/-1 exact 0 did batch_results" },
	{ "mistral's outputs", "api.mistral.ai", "/v1/batch/jobs/j", JSON, "",
	  "{'id':'j','outputs':[{'response':{'body':{'model':'e','usage':{'prompt_tokens':7,"
	  "'completion_tokens':1}}}}]}", ">e#j 7+1 -1/-1/-1 exact 0 did batch_results" },
	{ "xai's results, reasoning outside of each", "api.x.ai", "/v1/batches/b/results", JSON, "",
	  "{'results':[{'batch_result':{'response':{'chat_get_completion':{'model':'g','usage':{"
	  "'prompt_tokens':204,'completion_tokens':1,'total_tokens':287,'cost_in_usd_ticks':10,"
	  "'completion_tokens_details':{'reasoning_tokens':82}}}}}},{'batch_result':{'response':{"
	  "'chat_get_completion':{'usage':{'prompt_tokens':1,'completion_tokens':1,"
	  "'total_tokens':2,'cost_in_usd_ticks':1}}}}}]}",
	  ">g#205+84 -1/-1/82 exact 0 cost 1100 did batch_results" },
	{ "a gateway's own estimate", "llm.hospital.example", "/groq/openai" CHAT, JSON, "",
	  "{'x_groq':{'id':'r'},'usage':{'prompt_tokens':1,'completion_tokens':2,'pydantic_ai_gateway':{"
	  "'cost_estimate':3.11e-05}}}", ">#1+2 -1/-1/-1 exact 0 cost 31100000 by groq" },
	{ "litellm's, in a header", "llm.hospital.example", CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':1,'completion_tokens':2}}", ">#1+2 -1/-1/-1 exact 0 cost 2500000" },
	{ "a gateway's cache", "llm.hospital.example", CHAT, JSON, "",
	  "{'usage':{'prompt_tokens':1,'completion_tokens':2}}", ">#1+2 -1/-1/-1 exact 0 [from_cache=1]" },
	{ "a model in a header", "x.openai.azure.com", "/openai/deployments/dep/chat/completions", JSON, "",
	  "{'usage':{'prompt_tokens':1,'completion_tokens':2}}", ">m#1+2 -1/-1/-1 exact 0" },
	{ "ollama had the prompt cached", "gpu.hospital.example", "/api/generate", JSON, "",
	  "{'model':'l','done':true,'eval_count':6}", ">l#-1+6 -1/-1/-1 partial 0" },
};

static const struct extra extras[] = {
	{ "invoke: embeddings, told in a header", NULL, "X-Amzn-Bedrock-Input-Token-Count", "7" },
	{ "a form", FORM, NULL, NULL },
	{ "a form whose end is missing", FORM, NULL, NULL },
	{ "litellm's, in a header", NULL, "x-litellm-response-cost", "2.5e-06" },
	{ "a gateway's cache", NULL, "CF-AIG-Cache-Status", "HIT" },
	{ "a model in a header", NULL, "x-ms-served-model", "m" },
};

#endif
