/* SPDX-License-Identifier: Apache-2.0 */
/* The program's door: which verb, and whether all that was printed arrived. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static int help(int argc, char **argv);
static int version(int argc, char **argv);

struct verb {
    const char *name;
    int (*run)(int argc, char **argv); /* NULL: not in this version */
    const char *line;                  /* for the list */
    const char *help;
};

static const char ask_help[] =
    "usage: quiver ask [--case FILE] [OPTIONS]\n"
    "       quiver ask --cases FILE.ndjson --json\n"
    "\n"
    "Why is it twitching, how urgent is it, and what to do. Without a file it asks short questions first.\n"
    "\n"
    "  --case FILE       answer from a case file and ask nothing; - is standard input\n"
    "  --cases FILE      one case a line, one answer a line, in the same order; needs --json\n"
    "  --diary FILE      a diary: CSV, JSON, an export of Apple Health or Bearable; what it shows counts too\n"
    "  --journal FILE    a journal of quiver log; without a case file it is your own, and what it shows is not asked\n"
    "  --clip VIDEO      a clip of the face: what quiver watch measures in it counts too\n"
    "  --mirrored        the clip is a mirror image\n"
    "  --json            print JSON, alone on standard output\n"
    "  --plain           no colours, bars or lines: for screen readers and pipes\n"
    "  --full            say everything, not one screen\n"
    "  --region XX       whose emergency number to print (GB, DE, ...); else from the locale\n"
    "  --save FILE       keep the answers of the interview as a case file\n"
    "  --resume FILE     go on with an interview that was kept\n"
    "  --knowledge DIR   read the knowledge from a folder, not the copy inside the program\n";

static const char knowledge_help[] =
    "usage: quiver knowledge show ID\n"
    "       quiver knowledge search WORD...\n"
    "       quiver knowledge claims\n"
    "       quiver knowledge check [DIR]\n"
    "       quiver knowledge bench [DIR]\n"
    "\n"
    "What quiver knows, with its sources.\n"
    "\n"
    "  show ID           all of a condition, finding, medicine, food, ...\n"
    "  search WORD...    ids by their words, best first\n"
    "  claims            the claims of the article that this grew from, with what the literature says\n"
    "  check [DIR]       what is wrong with the files, with file and line\n"
    "  bench [DIR]       how good the answers are, on worked cases\n"
    "\n"
    "  --json            print JSON, alone on standard output\n"
    "  --sensitivity     also say which answers would change if an estimate were wrong (bench)\n"
    "  --plain           no colours or lines (show, claims)\n"
    "  --full            all that was found (search)\n"
    "  --knowledge DIR   read the knowledge from a folder, not the copy inside the program\n";

static const char watch_help[] =
    "usage: quiver watch VIDEO [OPTIONS]\n"
    "\n"
    "Finds every twitch in a clip of a face: where, which side, how large, how long, how often. VIDEO is a file, - "
    "for\n"
    "standard input, or a camera such as /dev/video0. Twenty seconds of a face at rest, in good light, are enough.\n"
    "\n"
    "  --json            print JSON, alone on standard output\n"
    "  --plain           no colours or lines\n"
    "  --mirrored        the picture is a mirror image, as many selfie cameras make it\n"
    "  --seconds S       watch so much of it; 20 of a camera when not said\n"
    "  --plot FILE       draw it on one page for a doctor: FILE.svg, .png or .pdf\n"
    "  --overlay FILE    the clip again with what was seen drawn on it: FILE.mp4, .mov, .mkv or .webm\n"
    "  --magnify K       with --overlay: show the motion of the skin K times as large, 1 to 100\n"
    "  --journal FILE    keep what is measured in this journal; else in QUIVER_JOURNAL or your own, where there is "
    "one\n";

static const char triggers_help[] =
    "usage: quiver triggers [--diary FILE | --journal FILE] [OPTIONS]\n"
    "\n"
    "Which of your habits go with your twitches: what quiver log noted, or a diary from a file. Two weeks are the\n"
    "least; how many more days each habit needs is said.\n"
    "\n"
    "  --diary FILE      a diary: CSV, JSON, an export of Apple Health or Bearable; - is standard input\n"
    "  --journal FILE    the journal; else QUIVER_JOURNAL, else your own\n"
    "  --case FILE       a case file: who you are, so that you are not sent to try what you should not\n"
    "  --plot FILE       draw it on one page: FILE.svg, .png or .pdf\n"
    "  --json            print JSON, alone on standard output\n"
    "  --plain           signs that can be typed, no colours\n"
    "  --full            every habit at every lag, with sources\n"
    "  --knowledge DIR   read the knowledge from a folder, not the copy inside the program\n";

static const char phantom_help[] =
    "usage: quiver phantom --portrait PICTURE --out FILE.mp4 [OPTIONS]\n"
    "\n"
    "Makes a clip whose movements are known, because they were put there: to see how well quiver watch finds them. "
    "The\n"
    "truth is written beside it, as quiver watch --json would say it. PICTURE may be a clip, which then keeps its own\n"
    "size, times and head. The same options make the same clip.\n"
    "\n"
    "  --out FILE          .mp4, .mov, .mkv, .webm or .avi\n"
    "  --truth FILE        where the truth goes; FILE.json beside FILE.mp4 when not said\n"
    "  --seed N            another number, other chance; 1\n"
    "  --seconds S         20; of a clip all\n"
    "  --size WxH          1280x720\n"
    "  --rate HZ           30\n"
    "  --face-width PX     temple to temple; about half of the shorter side\n"
    "  --head still|moving\n"
    "\n"
    "  --waveform W        single, cluster, tremor (of a lip), volley (eye and mouth together), hold (for seconds),\n"
    "                      ripple (under the skin) or none; single\n"
    "  --side S            left, right or both: the person's own; left, of a tremor both\n"
    "  --region R          upper_lip, lower_lip, mouth_corner, cheek, chin, eyelid or brow\n"
    "  --amplitude PX      how far the middle of the patch moves at its peak; 1\n"
    "  --duration MS       of one twitch, 120; of a run of tremor 4000, of hold and ripple 2000\n"
    "  --every S           from one to the next, on average; 2, of longer ones more\n"
    "  --frequency HZ      of tremor, 5, and ripple, 3\n"
    "  --blinks  --speech  --smiles  --nods\n"
    "                      what is no twitch\n"
    "\n"
    "  --noise SIGMA       of the sensor, in grey levels of 255; 0\n"
    "  --light L           steady, drift or steps (of the camera's exposure)\n"
    "  --flicker HZ        of a lamp\n"
    "  --rolling-shutter   rows are seen one after another\n"
    "  --drop FRACTION     so many frames are missing\n"
    "  --repeat N          each picture N times, so that fewer are true\n"
    "  --vfr               uneven times from frame to frame\n"
    "  --mirror            the picture is a mirror image\n"
    "  --rotate DEG        stored turned: 90, 180 or 270 degrees clockwise set it right\n"
    "  --codec C           h264, hevc, hevc10, vp9, mjpeg or lossless; h264, of .webm vp9, of .avi mjpeg\n"
    "  --crf N             how hard it is compressed, on the codec's own scale; more is harder\n";

static const char trial_help[] =
    "usage: quiver trial plan HABIT [OPTIONS]\n"
    "       quiver trial today [HABIT]\n"
    "       quiver trial result [HABIT] [--stopped]\n"
    "\n"
    "An experiment on yourself: blocks of days as usual and blocks with a habit changed, in an order that chance "
    "draws.\n"
    "The plan is fixed, under its fingerprint, before the first day; the result is analysed as planned.\n"
    "What you were told to take is never part of a trial.\n"
    "\n"
    "  plan HABIT        lay out a trial of a habit, and keep its plan\n"
    "  today             what today is: usual or changed, and whether it counts\n"
    "  result            what the trial found; nothing of it before the end\n"
    "\n"
    "  --plan FILE       keep the plan in a file, or read it from there; else it is in the journal\n"
    "  --diary FILE      the days, from a diary and not from the journal\n"
    "  --case FILE       what is known of you (plan): some trials are not for everyone\n"
    "  --from DATE       the first day (plan); tomorrow\n"
    "  --usual AMOUNT    of the habit, a day (plan); else from the diary or the case\n"
    "  --effect RATIO    changed over usual that must not be missed (plan); 0.7 is 30 % fewer twitches\n"
    "  --power SHARE     how often it must be found when it is there (plan); 0.8\n"
    "  --days N          no trial longer than this (plan); 365\n"
    "  --seed N          draw the order from this number (plan); else from chance\n"
    "  --stopped         I have stopped for good (result): an estimate, and no result\n"
    "  --on DATE         as if today were this day\n"
    "  --json            print JSON, alone on standard output\n"
    "  --plain           no colours or lines\n"
    "  --full            all blocks (plan); all items of CENT 2015 (result)\n"
    "  --journal FILE    another journal\n"
    "  --knowledge DIR   read the knowledge from a folder, not the copy inside the program\n";

static const char log_help[] =
    "usage: quiver log WHAT...\n"
    "       quiver log [--at DAY]\n"
    "       quiver log --check-in\n"
    "       quiver log undo\n"
    "       quiver log history ID | edit ID WHAT... | remove ID\n"
    "\n"
    "Notes what was, in your own words; several things with commas or \"and\" between them. Without words: the day at "
    "a\n"
    "glance.\n"
    "\n"
    "  quiver log twitch 3 left, coffee 2 at 8:30\n"
    "  quiver log no twitches yesterday\n"
    "  quiver log sleep 6h30        sleep from 23:30 to 6:15\n"
    "  quiver log stress 7          fatigue 4\n"
    "  quiver log beer 1            wine 2 yesterday at 21:00\n"
    "  quiver log water 500 ml      2 glasses of water\n"
    "  quiver log banana            almonds 56 g\n"
    "  quiver log sertraline 50 mg started\n"
    "  quiver log compress 10 min   massage 5 min, relaxation 20 min, running 30 min\n"
    "\n"
    "  --at TIME         08:30, 2026-11-22, 2026-11-22T08:30 or yesterday, for what does not say it itself\n"
    "  --check-in        ask the few questions of the day that are not answered yet\n"
    "  --full            with each entry and its number\n"
    "  --json            print JSON, alone on standard output\n"
    "  --plain           no colours or bars\n"
    "  --journal FILE    another journal than the usual one; so does QUIVER_JOURNAL\n"
    "  --knowledge DIR   read the knowledge from a folder, not the copy inside the program\n";

static const char import_help[] =
    "usage: quiver import FILE [OPTIONS]\n"
    "\n"
    "Adds what a diary holds and the journal does not: quiver's own CSV and JSON, Apple Health's export (export.zip "
    "or\n"
    "export.xml), Bearable's CSV. The same file twice adds nothing. FILE may be - for standard input.\n"
    "\n"
    "  --dry-run         say what would be added, and add nothing\n"
    "  --skip-bad        leave out rows that cannot be read, without asking\n"
    "  --json            print JSON, alone on standard output\n"
    "  --journal FILE    another journal than the usual one; so does QUIVER_JOURNAL\n"
    "  --knowledge DIR   read the knowledge from a folder, not the copy inside the program\n";

static const char export_help[] = "usage: quiver export [--csv | --json] [--from DATE] [--to DATE] [--out FILE]\n"
                                  "\n"
                                  "Writes every entry, so that quiver import reads the same back. What was measured in "
                                  "clips and plans of trials stay\n"
                                  "in the journal's file.\n"
                                  "\n"
                                  "  --csv             time,kind,amount,unit,note; when nothing is said\n"
                                  "  --json            with all that is known of each entry\n"
                                  "  --from DATE       the first day\n"
                                  "  --to DATE         the last day\n"
                                  "  --out FILE        into a file, not to standard output\n"
                                  "  --journal FILE    another journal than the usual one; so does QUIVER_JOURNAL\n";

static const struct verb verbs[] = {
    {"ask", cli_ask, "why is it twitching, how urgent is it, what to do", ask_help},
    {"knowledge", cli_knowledge, "show, search and check what quiver knows", knowledge_help},
    {"log", cli_log, "note a twitch, a drink, a night, a medicine; show a day", log_help},
    {"import", cli_import, "a diary from a file into the journal", import_help},
    {"export", cli_export, "the journal as a file", export_help},
    {"watch", cli_watch, "see and measure the twitch in a clip", watch_help},
    {"triggers", cli_triggers, "which of your habits go with your twitches", triggers_help},
    {"trial", cli_trial, "plan, run and analyse an experiment on yourself", trial_help},
    {"phantom", cli_phantom, "make a clip whose twitches are known", phantom_help},
    {"help", help, "this page; quiver help VERB says more", NULL},
    {"version", version, "which quiver this is", NULL},
    {"report", NULL, NULL, NULL},
    {"serve", NULL, NULL, NULL},
};
#define VERB_COUNT (sizeof verbs / sizeof verbs[0])

static int print(const char *text)
{
    struct qv_error error = {0};
    return cli_print(text, strlen(text), &error) ? cli_complain(&error, NULL) : 0;
}

/* The verb of that name; else NULL, and it was said why not. */
static const struct verb *find_verb(const char *name, int *exit_status)
{
    struct qv_error error = {0};
    for (size_t i = 0; i < VERB_COUNT && !error.status; i++) {
        if (strcmp(verbs[i].name, name) != 0)
            continue;
        if (verbs[i].run)
            return &verbs[i];
        qv_fail(&error, QV_ERR_UNAVAILABLE, "%s is not in this version", name);
    }
    if (!error.status)
        qv_fail(&error, QV_ERR_USAGE, "%s: no such verb", name);
    *exit_status = cli_complain(&error, NULL);
    return NULL;
}

static int help(int argc, char **argv)
{
    if (argc > 1) {
        int exit_status;
        const struct verb *verb = find_verb(argv[1], &exit_status);
        if (!verb)
            return exit_status;
        if (verb->help)
            return print(verb->help);
    }

    struct qv_text text;
    struct qv_error error = {0};
    qv_text_init(&text, 1 << 16);
    qv_text_puts(
        &text,
        "quiver: why is my lip twitching? It informs; it does not diagnose.\n\nusage: quiver VERB [OPTIONS]\n\n");
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (verbs[i].run)
            qv_text_printf(&text, "  %-11s %s\n", verbs[i].name, verbs[i].line);
    }
    qv_text_puts(&text, "\nquiver ask starts the questions. quiver help ask lists its options.\n");
    int status = cli_print_text(&text, &error);
    qv_text_finish(&text);
    return status ? cli_complain(&error, NULL) : 0;
}

static int version(int argc, char **argv)
{
    if (argc > 1) {
        struct qv_error error;
        qv_fail(&error, QV_ERR_USAGE, "version: found \"%s\", expected nothing more", argv[1]);
        return cli_complain(&error, NULL);
    }
    return print("quiver " QUIVER_VERSION "\n");
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        struct qv_error error;
        qv_fail(&error, QV_ERR_USAGE, "expected a verb, such as: quiver ask");
        return cli_complain(&error, NULL);
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return help(argc - 1, argv + 1);
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        return version(argc - 1, argv + 1);

    int exit_status;
    const struct verb *verb = find_verb(name, &exit_status);
    if (!verb)
        return exit_status;
    for (int i = 2; verb->help && i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return print(verb->help);
    }
    return verb->run(argc - 1, argv + 1);
}

/* A closed descriptor would be given to the next file opened. Opened the wrong way round, using it is an error still. */
static void occupy_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_WRONLY) < 0)
            _exit(-QV_ERR_IO);
    }
}

int main(int argc, char **argv)
{
    occupy_standard_files();
    signal(SIGPIPE, SIG_IGN); /* a reader that has gone is a write error, and is reported as one */
    int exit_status = run(argc, argv);
    if (fflush(stdout) != 0 && exit_status == 0) {
        struct qv_error error;
        qv_fail(&error, QV_ERR_IO, "standard output: %s", strerror(errno));
        exit_status = cli_complain(&error, NULL);
    }
    return exit_status;
}
