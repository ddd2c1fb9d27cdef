using Wharf.Server.Work;

namespace Wharf.Server.Mail;

/// <summary>
/// Hands waiting mail to the mail server. 1. It connects; while that fails no mail is touched, and the time to the next try grows to
/// a minute. 2. It takes a mail, so that no other replica sends it meanwhile, and sends it. 3. It deletes the row; a crash between the
/// two sends the mail again, under the same Message-ID. What the server puts off is tried again later, what it refuses is dropped.
/// </summary>
internal sealed partial class MailSender : QueueWorker
{
    private const int PerConnection = 100;
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromHours(1);

    private readonly MailQueue _queue;
    private readonly MailText _text;
    private readonly MailMetrics _metrics;
    private readonly MailOptions _options;
    private readonly ILogger<MailSender> _logger;
    private TimeSpan _pause;

    public MailSender(MailQueue queue, MailText text, MailMetrics metrics, MailOptions options, ILogger<MailSender> logger) : base("mail-sender", s_look, logger)
    {
        (_queue, _text, _metrics, _options, _logger) = (queue, text, metrics, options, logger);
        queue.Added += Nudge;
        queue.Refused += kind =>
        {
            metrics.Dropped("limit");
            Log.TooMany(logger, kind);
        };
    }

    protected override async Task<TimeSpan?> RunAsync(CancellationToken ct)
    {
        var (waiting, inMs) = await _queue.LookAsync(ct);
        _metrics.Queued(waiting);
        if (inMs is null or > 0)
            return inMs is { } ms ? TimeSpan.FromMilliseconds(ms + 1) : null;
        foreach (var (kind, count) in (await _queue.ExpireAsync(ct)).CountBy(static k => k))
        {
            _metrics.Dropped("age", count);
            Log.TooOld(_logger, count, kind, _options.KeepFor);
        }
        SmtpSession session;
        try
        {
            session = await SmtpSession.ConnectAsync(_options, ct);
        }
        catch (MailFailure failure)
        {
            _pause = _pause == TimeSpan.Zero ? TimeSpan.FromSeconds(1) : _pause * 2 > s_longestPause ? s_longestPause : _pause * 2;
            _metrics.Failed("connection");
            Log.Unreachable(_logger, waiting, failure.Message);
            return _pause;
        }
        using (session)
        {
            _pause = TimeSpan.Zero;
            for (var i = 0; i < PerConnection; i++)
            {
                if (await _queue.ClaimAsync(_options.Timeout * 2, ct) is not { } claimed)
                    break;
                if (!await TrySendAsync(session, claimed, ct))
                    break;
            }
            await session.EndAsync(ct);
        }
        return TimeSpan.Zero;
    }

    /// <returns>Whether the connection can be used for the next.</returns>
    private async Task<bool> TrySendAsync(SmtpSession session, ClaimedLetter claimed, CancellationToken ct)
    {
        using var message = _text.Render(claimed.Letter);
        try
        {
            await session.SendAsync(message, ct);
        }
        catch (MailFailure failure) when (failure.IsPermanent)
        {
            await _queue.RemoveAsync(claimed.Id, ct);
            _metrics.Dropped("refused");
            Log.Refused(_logger, claimed.Letter.Kind, claimed.Letter.Id, failure.Message);
            return !failure.IsBroken;
        }
        catch (MailFailure failure)
        {
            var doubled = _options.RetryAfter * Math.Pow(2, Math.Min(claimed.Attempts - 1, 12));
            await _queue.PutOffAsync(claimed.Id, doubled > s_longestWait ? s_longestWait : doubled, ct);
            _metrics.Failed("deferred");
            Log.PutOff(_logger, claimed.Letter.Kind, claimed.Letter.Id, failure.Message);
            return !failure.IsBroken;
        }
        await _queue.RemoveAsync(claimed.Id, ct);
        _metrics.Sent(claimed.Letter.Kind);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Waiting} mails wait: {Reason}")]
        public static partial void Unreachable(ILogger logger, long waiting, string reason);

        [LoggerMessage(2, LogLevel.Warning, "A mail ({Kind}, {Id}) is tried again later: {Reason}")]
        public static partial void PutOff(ILogger logger, string kind, Guid id, string reason);

        [LoggerMessage(3, LogLevel.Error, "A mail ({Kind}, {Id}) is dropped, since the mail server refuses it: {Reason}")]
        public static partial void Refused(ILogger logger, string kind, Guid id, string reason);

        [LoggerMessage(4, LogLevel.Error, "{Count} mails ({Kind}) are dropped: they could not be sent for {KeepFor}")]
        public static partial void TooOld(ILogger logger, int count, string kind, TimeSpan keepFor);

        [LoggerMessage(5, LogLevel.Warning, "A mail ({Kind}) is not sent: its address got too many in the last hour, or too many wait")]
        public static partial void TooMany(ILogger logger, string kind);
    }
}
