using System.Buffers;
using System.Globalization;
using System.Text;

namespace Wharf.Server.AccessReview;

/// <summary>A whole review as text/csv (RFC 4180), sent while it is read. An answer that ends early is broken off, so that nobody takes it for all.</summary>
internal sealed class ReviewCsv(ReviewStore store, long namespaceId, int unusedDays, DateTimeOffset now, string fileName) : IResult
{
    private const int PageSize = 1000;
    private static readonly SearchValues<char> s_quoted = SearchValues.Create(",\"\r\n");

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = "text/csv; charset=utf-8; header=present";
        response.Headers.ContentDisposition = $"attachment; filename=\"{fileName}\"";
        await response.WriteAsync("namespace,repository,subject,subject_kind,kind,role,via,granted_by,granted_at,age_days,last_used,disabled\r\n", httpContext.RequestAborted);
        var text = new StringBuilder();
        List<ReviewEntry> page;
        ReviewPlace after = default;
        do
        {
            page = await store.ListAsync(namespaceId, after, unusedDays, PageSize, httpContext.RequestAborted);
            foreach (var entry in page)
                Append(text, ReviewApi.View(entry, now));
            await response.WriteAsync(text.ToString(), httpContext.RequestAborted);
            text.Clear();
            if (page.Count > 0)
                after = page[^1].Place;
        }
        while (page.Count == PageSize);
    }

    private static void Append(StringBuilder text, ReviewedAccess row) => text
        .Append(Cell(row.Namespace)).Append(',').Append(Cell(row.Repository)).Append(',').Append(Cell(row.Subject)).Append(',').Append(row.SubjectKind).Append(',')
        .Append(row.Kind).Append(',').Append(row.Role).Append(',').Append(Cell(row.Via)).Append(',').Append(Cell(row.GrantedBy)).Append(',').Append(row.GrantedAt).Append(',')
        .Append(CultureInfo.InvariantCulture, $"{row.AgeDays}").Append(',').Append(row.LastUsed).Append(',').Append(row.Disabled ? "true" : "false").Append("\r\n");

    /// <summary>A cell that no spreadsheet takes for a formula.</summary>
    internal static string Cell(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return "";
        if (text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n')
            text = "'" + text;
        return text.AsSpan().ContainsAny(s_quoted) ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
