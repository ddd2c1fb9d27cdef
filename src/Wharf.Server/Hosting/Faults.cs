using Wharf.Server.Data;
using Wharf.Storage;

namespace Wharf.Server.Hosting;

/// <summary>
/// Turns what went wrong below into an answer: the client's faults into 4xx, a full disk into 507, everything else into a 500
/// that is logged once and tells nothing but the request id. Answers of 4xx and 5xx without a body get one.
/// </summary>
internal sealed partial class Faults(RequestDelegate next, ILogger<Faults> logger)
{
    private const int NoSpace = 28, QuotaExceeded = 122; // errno, as .NET puts it into HResult
    private const string Kestrel = "Microsoft.AspNetCore.Server.Kestrel.Core";

    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
            var response = http.Response;
            if (response is { StatusCode: >= 400, HasStarted: false, ContentLength: null, ContentType: null })
            {
                await ErrorBody.WriteAsync(http, response.StatusCode, Plain(response.StatusCode));
            }
        }
        catch (Exception fault)
        {
            await AnswerAsync(http, fault);
        }
    }

    private async Task AnswerAsync(HttpContext http, Exception fault)
    {
        if (http.RequestAborted.IsCancellationRequested && fault is (OperationCanceledException or IOException))
        {
            if (!http.Response.HasStarted) http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest; // nobody reads it; for metrics and the access log
            return;
        }

        var (status, message) = Meaning(fault);
        if (status >= 500) Log.Fault(logger, http.Request.Method, http.Request.Path, fault);
        if (http.Response.HasStarted)
        {
            http.Abort(); // a cut transfer is seen by the client, a wrongly ended one is not
            return;
        }

        http.Response.Clear();
        http.Response.Headers[RequestScope.Header] = http.TraceIdentifier;
        InertAnswer.Set(http.Response);
        await ErrorBody.WriteAsync(http, status, message);
    }

    private static (int Status, string Message) Meaning(Exception fault) => fault switch
    {
        BadHttpRequestException bad => (bad.StatusCode, bad.StatusCode switch
        {
            413 => "the request body is larger than this endpoint takes",
            408 => "the request body came too slowly",
            _ => "the request could not be read: " + bad.Message,
        }),
        StorageFullException or DatabaseException { Full: true } or IOException { HResult: NoSpace or QuotaExceeded } =>
            (507, "no space is left for this; nothing was stored"),
        // Never 404: a client that takes an outage for absence deletes or makes anew.
        DatabaseException => (503, "the database does not answer; try again"),
        StorageException => (503, "the blob store failed; try again"),
        // Chunk sizes that overflow, and bodies that break off; the same types from elsewhere are faults.
        IOException or OverflowException when fault.Source == Kestrel => (400, "the request body could not be read"),
        _ => (500, "internal error; the log has more under this request id"),
    };

    private static string Plain(int status) => status switch
    {
        404 => "there is nothing at this address",
        405 => "this method is not allowed here",
        _ => Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status),
    };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Method} {Path} failed")]
        public static partial void Fault(ILogger logger, string method, string path, Exception fault);
    }
}
