using System.Net;
using System.Text;
using System.Text.Json;

namespace Wharf.Server.Hosting;

/// <summary>
/// From where a request comes and how its sender proved who it is. It goes with the request's flow of control, so that log lines,
/// audit entries and events tell it without every method handing it on; background work has none.
/// </summary>
internal sealed class Origin(string requestId, IPAddress? address, string? agent)
{
    private const int MaxAgent = 256;
    private static readonly AsyncLocal<Origin?> s_current = new();

    private string? _json;

    public static Origin? Current
    {
        get => s_current.Value;
        set => s_current.Value = value;
    }

    public string RequestId => requestId;

    public string? Address { get; } = address?.ToString();

    /// <summary>The User-Agent, without what would not be text, and cut.</summary>
    public string? Agent => agent is { Length: > 0 } ? Clean(agent) : null;

    /// <summary>What was shown: password, session, app_token, oauth_token, robot_token, registry_token; null when nothing was.</summary>
    public string? Credential { get; private set; }

    /// <summary>Which one, by what is no secret of it.</summary>
    public string? CredentialId { get; private set; }

    /// <summary>The OAuth application that acted for the person, by its client id.</summary>
    public string? Application { get; private set; }

    /// <summary>The account that granted a robot what it does now, or 0.</summary>
    public long GrantedBy { get; private set; }

    public void Granted(long by)
    {
        GrantedBy = by;
        _json = null;
    }

    public void Authenticated(string credential, string? id, string? application = null)
    {
        (Credential, CredentialId, Application) = (credential, id, application);
        _json = null;
    }

    /// <summary>As JSON: ip, ua, auth, auth_id, app, granted_by, request.</summary>
    public override string ToString()
    {
        if (_json is { } known)
            return known;
        using var buffer = new MemoryStream(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (Address is not null) json.WriteString("ip", Address);
            if (Agent is { } agent) json.WriteString("ua", agent);
            if (Credential is not null) json.WriteString("auth", Credential);
            if (CredentialId is not null) json.WriteString("auth_id", CredentialId);
            if (Application is not null) json.WriteString("app", Application);
            if (GrantedBy != 0) json.WriteNumber("granted_by", GrantedBy);
            json.WriteString("request", RequestId);
            json.WriteEndObject();
        }
        return _json = Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static string Clean(string text)
    {
        var cut = text.Length > MaxAgent ? text[..MaxAgent] : text;
        return cut.AsSpan().ContainsAnyExceptInRange(' ', '~') ? string.Concat(cut.Select(static c => c is >= ' ' and <= '~' ? c : '?')) : cut;
    }
}
