# nof1.R FOLDER: what R makes of the diaries that `bench-nof1 beside FOLDER` wrote, beside what quiver made of them. A line a figure, as
# bench-nof1 prints them. Where priors are flat (even diaries): glmmTMB, negative binomial with AR(1) days. Where they are not:
# long chains of the same model by rstan, its priors those of src/nof1/model.h.
folder <- commandArgs(trailingOnly = TRUE)[1]
figure <- function(what, value, sense, goal, remark) cat(sprintf("%s\t%.4g\t%s\t%g\t%s\n", what, value, sense, goal, remark))
days <- lapply(0:9, function(i) read.csv(sprintf("%s/days-%d.csv", folder, i)))
answers <- lapply(0:9, function(i) read.csv(sprintf("%s/answer-%d.csv", folder, i)))
spread <- function(a) (a$high - a$low) / (2 * qnorm(0.975))

suppressPackageStartupMessages(have <- require(glmmTMB, quietly = TRUE))
if (have) for (long in c(TRUE, FALSE)) {
    off <- c(); wide <- c(); faster <- c()
    for (i in seq(0, 8, 2)[if (long) 1:3 else 4:5]) {
        d <- days[[i + 1]]
        a <- answers[[i + 1]]
        d$day <- factor(seq_len(nrow(d)))
        d$who <- factor(1)
        columns <- grep("^x", names(d), value = TRUE)
        began <- proc.time()[["elapsed"]]
        m <- suppressWarnings(glmmTMB(reformulate(c(columns, "ar1(0 + day | who)"), "y"), data = d, family = nbinom2))
        took <- (proc.time()[["elapsed"]] - began) * 1000
        s <- summary(m)$coefficients$cond
        off <- c(off, abs(a$median - s[, 1])[-(1:2)] / s[, 2][-(1:2)])
        wide <- c(wide, (spread(a) / s[, 2])[-(1:2)]) # without level and trend, whose priors are not flat
        faster <- c(faster, took / a$ms[1])
    }
    name <- if (long) "180 days" else "60 days"
    figure(sprintf("glmmTMB, %s: median distance, standard errors", name), median(off, na.rm = TRUE), "most", 0.1,
        sprintf("farthest %.2f; our spread over its: %.2f", max(off, na.rm = TRUE), median(wide, na.rm = TRUE)))
    figure(sprintf("glmmTMB, %s: its time over ours", name), median(faster), "least", 100, "")
}

suppressPackageStartupMessages(have <- require(rstan, quietly = TRUE))
if (have) {
    rstan_options(auto_write = FALSE)
    model <- stan_model(model_code = "
data { int n; int p; int y[n]; matrix[n, p] x; vector[p] scale; vector[p] centre; vector[p] habit; }
parameters { real log_sd; real logit_rho; real log_delta; real log_tau; vector[n] z; vector[p] b_raw; }
transformed parameters {
    real sigma = exp(log_sd);
    real rho = inv_logit(logit_rho);
    real delta = exp(log_delta);
    vector[p] b = centre + b_raw .* scale .* exp(log_tau * habit);
    vector[n] u;
    u[1] = sigma * z[1];
    for (t in 2:n) u[t] = rho * u[t - 1] + sqrt(1 - square(rho)) * sigma * z[t];
}
model {
    target += log_sd - 1.8 * sigma + log_delta - 1.8 * delta;
    logit_rho ~ normal(0.5, 1.5);
    log_tau ~ normal(0, 0.3);
    z ~ normal(0, 1);
    b_raw ~ normal(0, 1);
    y ~ neg_binomial_2_log(x * b + u, 1 / square(delta));
}")
    off <- c(); wide <- c()
    for (i in c(1, 3, 5, 7, 9)) {
        d <- days[[i + 1]]
        a <- answers[[i + 1]]
        x <- cbind(1, as.matrix(d[, -1]))
        p <- ncol(x)
        fit <- sampling(model, refresh = 0, chains = 2, cores = 1, iter = 6000, warmup = 1000, seed = 1,
            control = list(adapt_delta = 0.95),
            data = list(n = nrow(x), p = p, y = as.integer(d$y), x = x, scale = a$prior_sd, centre = c(1, rep(0, p - 1)),
                habit = c(0, 0, rep(1, p - 2))))
        draws <- extract(fit, c("b", "sigma"))
        b <- draws$b
        b[, 1] <- b[, 1] + draws$sigma^2 / 2 # quiver tells of the mean of a day
        q <- apply(b, 2, quantile, c(0.025, 0.5, 0.975))
        sd <- apply(b, 2, sd)
        off <- rbind(off, abs(cbind(a$low, a$median, a$high) - t(q))[-1, ] / sd[-1])
        wide <- c(wide, (spread(a) / ((q[3, ] - q[1, ]) / (2 * qnorm(0.975))))[-1])
    }
    figure("rstan: distance of medians, posterior sd", mean(off[, 2]), "most", 0.05,
        sprintf("farthest %.3f", max(off[, 2])))
    figure("rstan: distance of ends of intervals, posterior sd", mean(off[, c(1, 3)]), "most", 0.05,
        sprintf("farthest %.3f; our width over theirs %.3f", max(off[, c(1, 3)]), mean(wide)))
}
