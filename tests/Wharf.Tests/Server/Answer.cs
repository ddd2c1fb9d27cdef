using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Wharf.Tests.Server;

/// <summary>A response, read whole.</summary>
internal sealed record Answer(HttpStatusCode Status, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>The code of the only error in an OCI error body.</summary>
    public string Code => Json.GetProperty("errors").EnumerateArray().Single().GetProperty("code").GetString()!;

    public string Message => Json.GetProperty("errors").EnumerateArray().Single().GetProperty("message").GetString()!;

    public string? Detail => Json.GetProperty("errors").EnumerateArray().Single().TryGetProperty("detail", out var detail) ? detail.GetString() : null;

    /// <summary>Where to go on, relative to the registry.</summary>
    public string Location => Header("Location") ?? throw new InvalidOperationException($"{(int)Status} came without a Location: {Text}");

    /// <summary>A response or content header; several lines are joined by ", ".</summary>
    public string? Header(string name) =>
        Headers.TryGetValues(name, out var values) || ContentHeaders.TryGetValues(name, out values) ? string.Join(", ", values) : null;

    /// <summary>Fails with the body when the status is another one.</summary>
    public Answer Is(int status)
    {
        Assert.True((int)Status == status, $"Expected {status}, got {(int)Status}: {Text}");
        return this;
    }

    /// <summary>As <see cref="Is(int)"/>, and the body is one OCI error of this code with a message that is more than the code again.</summary>
    public Answer Is(int status, string code)
    {
        Is(status);
        Assert.Equal("application/json", ContentHeaders.ContentType?.MediaType);
        Assert.Equal(code, Code);
        Assert.False(code.Replace("_", " ", StringComparison.Ordinal).Equals(Message, StringComparison.OrdinalIgnoreCase), "The message is the code again.");
        Assert.True(Message.Length > 10, $"'{Message}' explains nothing.");
        return this;
    }
}
