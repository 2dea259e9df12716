// libvpx for Swift. The library hides variadic functions and ABI versions behind macros, which Swift cannot see;
// each wrapper here is one of those macros as a function.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

static inline vpx_codec_err_t cvpx_encoder_init(
    vpx_codec_ctx_t *context, const vpx_codec_enc_cfg_t *configuration) {
    return vpx_codec_enc_init(context, vpx_codec_vp8_cx(), configuration, 0);
}

static inline vpx_codec_err_t cvpx_decoder_init(vpx_codec_ctx_t *context, unsigned int threads) {
    vpx_codec_dec_cfg_t configuration = {.threads = threads, .w = 0, .h = 0};
    return vpx_codec_dec_init(context, vpx_codec_vp8_dx(), &configuration, 0);
}

// The encoder's settings.

static inline vpx_codec_err_t cvpx_set_cpu_used(vpx_codec_ctx_t *context, int value) {
    return vpx_codec_control(context, VP8E_SET_CPUUSED, value);
}

static inline vpx_codec_err_t cvpx_set_noise_sensitivity(vpx_codec_ctx_t *context, unsigned int value) {
    return vpx_codec_control(context, VP8E_SET_NOISE_SENSITIVITY, value);
}

static inline vpx_codec_err_t cvpx_set_static_threshold(vpx_codec_ctx_t *context, unsigned int value) {
    return vpx_codec_control(context, VP8E_SET_STATIC_THRESHOLD, value);
}

static inline vpx_codec_err_t cvpx_set_token_partitions(vpx_codec_ctx_t *context, int log2) {
    return vpx_codec_control(context, VP8E_SET_TOKEN_PARTITIONS, log2);
}

static inline vpx_codec_err_t cvpx_set_max_intra_bitrate(vpx_codec_ctx_t *context, unsigned int percent) {
    return vpx_codec_control(context, VP8E_SET_MAX_INTRA_BITRATE_PCT, percent);
}

static inline vpx_codec_err_t cvpx_get_last_quantizer(vpx_codec_ctx_t *context, int *value) {
    return vpx_codec_control(context, VP8E_GET_LAST_QUANTIZER_64, value);
}

// The decoder's state.

static inline vpx_codec_err_t cvpx_get_frame_corrupted(vpx_codec_ctx_t *context, int *value) {
    return vpx_codec_control(context, VP8D_GET_FRAME_CORRUPTED, value);
}

// Size and kind of a frame before it is decoded. The error of an inter frame means only that it has no size.
static inline vpx_codec_err_t cvpx_peek(const uint8_t *data, unsigned int size, vpx_codec_stream_info_t *info) {
    memset(info, 0, sizeof(*info));
    info->sz = sizeof(*info);
    return vpx_codec_peek_stream_info(vpx_codec_vp8_dx(), data, size, info);
}

// An image over three separate planes without padding; the encoder only reads it.
static inline void cvpx_wrap_i420(
    vpx_image_t *image, unsigned int width, unsigned int height, const uint8_t *y, const uint8_t *u, const uint8_t *v) {
    memset(image, 0, sizeof(*image));
    image->fmt = VPX_IMG_FMT_I420;
    image->bit_depth = 8;
    image->w = image->d_w = width;
    image->h = image->d_h = height;
    image->x_chroma_shift = image->y_chroma_shift = 1;
    image->bps = 12;
    image->planes[VPX_PLANE_Y] = (unsigned char *)y;
    image->planes[VPX_PLANE_U] = (unsigned char *)u;
    image->planes[VPX_PLANE_V] = (unsigned char *)v;
    image->stride[VPX_PLANE_Y] = (int)width;
    image->stride[VPX_PLANE_U] = image->stride[VPX_PLANE_V] = (int)((width + 1) / 2);
}

// Sum of squared differences. In C because every decoded picture is measured in real time, in debug builds too,
// where the same loop in Swift costs twenty times as much.
static inline uint64_t cvpx_squared_error(const uint8_t *a, const uint8_t *b, size_t count) {
    uint64_t total = 0;
    while (count > 0) {
        // 4096 squares of at most 255 * 255 stay below 2^32.
        size_t part = count < 4096 ? count : 4096;
        uint32_t sum = 0;
        for (size_t i = 0; i < part; i++) {
            int32_t difference = (int32_t)a[i] - (int32_t)b[i];
            sum += (uint32_t)(difference * difference);
        }
        total += sum;
        a += part;
        b += part;
        count -= part;
    }
    return total;
}
