// The quantization_config of config.json: NF4 passes, everything else is refused by its name.

#include <gtest/gtest.h>

#include "models/model_files.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

void check(const std::string& quantisation) {
  const Json json = parse_json(R"({"quantization_config": )" + quantisation + "}", "test");
  check_quantisation(json, "config.json");
}

void expect_refused(const std::string& quantisation, const std::string& part) {
  const std::string message = testing::refusal<FormatError>([&] { check(quantisation); });
  EXPECT_NE(message.find(part), std::string::npos) << message;
  EXPECT_NE(message.find("config.json: quantization_config"), std::string::npos) << message;
}

TEST(Quantisation, NoneAndNf4Pass) {
  check_quantisation(parse_json(R"({"model_type": "llama"})", "test"), "config.json");
  check("null");
  check(R"({"quant_method": "bitsandbytes", "load_in_4bit": true, "load_in_8bit": false,
            "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": true,
            "bnb_4bit_compute_dtype": "bfloat16", "llm_int8_skip_modules": ["lm_head"]})");
  check(R"({"load_in_4bit": true, "bnb_4bit_quant_type": "nf4"})");
}

TEST(Quantisation, OtherMethodsAreRefusedByName) {
  expect_refused(R"({"quant_method": "bitsandbytes", "load_in_8bit": true})", "int8");
  expect_refused(R"({"load_in_8bit": true, "load_in_4bit": false})", "int8");
  expect_refused(R"({"quant_method": "bitsandbytes", "load_in_4bit": true})", "FP4");
  expect_refused(R"({"load_in_4bit": true, "bnb_4bit_quant_type": "fp4"})", "FP4");
  expect_refused(R"({"load_in_4bit": true, "bnb_4bit_quant_type": "xx9"})", "'xx9'");
  for (const char* method : {"gptq", "awq", "fp8", "compressed-tensors", "mxfp4"}) {
    expect_refused(R"({"quant_method": ")" + std::string(method) + R"(", "bits": 4})", method);
  }
}

TEST(Quantisation, EachMethodIsRefusedWithWhatToDo) {
  expect_refused(R"({"quant_method": "gptq", "bits": 4, "group_size": 128})",
                 "quantised by GPTQ (quant_method 'gptq')");
  expect_refused(R"({"quant_method": "awq", "bits": 4})", "Use the model that it was made from");
  expect_refused(R"({"quant_method": "fp8"})", "FineGrainedFP8Config(dequantize=True)");
  expect_refused(R"({"quant_method": "compressed-tensors"})", "compressed-tensors (FP8");
}

TEST(Quantisation, MlxIsToldByItsKeys) {
  expect_refused(R"({"group_size": 64, "bits": 4})", "quantised by MLX");
  const auto refused = [](const std::string& json) {
    return testing::refusal<FormatError>(
        [&] { check_quantisation(parse_json(json, "test"), "config.json"); });
  };
  const std::string message =
      refused(R"({"quantization": {"group_size": 32, "bits": 8, "mode": "affine"}})");
  EXPECT_NE(message.find("config.json: quantization: the weights are quantised by MLX"),
            std::string::npos);
  EXPECT_NE(message.find("--dequantize"), std::string::npos);
  EXPECT_NE(refused(R"({"compression_config": {"quant_method": "compressed-tensors"}})")
                .find("compressed-tensors"),
            std::string::npos);
}

TEST(Quantisation, WhatSaysNothingIsRefused) {
  expect_refused("{}", "quantised by an unnamed method");
  expect_refused(R"({"quant_algo": "NVFP4"})", "quantised by NVFP4");
  expect_refused("[]", "quantization_config");
  expect_refused(R"({"quant_method": 4})", "'quant_method'");
  expect_refused(R"({"quant_method": "bitsandbytes"})", "'load_in_4bit'");
  expect_refused(R"({"quant_method": "bitsandbytes", "load_in_4bit": "yes"})", "'load_in_4bit'");
}

}  // namespace
}  // namespace austeer
