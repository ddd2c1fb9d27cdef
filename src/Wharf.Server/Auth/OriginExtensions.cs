using Wharf.Server.Hosting;

namespace Wharf.Server.Auth;

internal static class OriginExtensions
{
    /// <summary>Notes how the caller proved who it is.</summary>
    public static void Authenticated(this Origin origin, Caller caller)
    {
        if (!caller.Presented && caller.Session is null)
            return;
        if (caller.Principal.AppToken is { } token)
            origin.Authenticated("app_token", token);
        else if (caller.Principal.OAuth is { } oauth)
            origin.Authenticated("oauth_token", oauth.Uuid, oauth.ClientId);
        else if (caller.Session is { } session)
            origin.Authenticated("session", session.Id);
        else
            origin.Authenticated(caller.Principal.IsRobot ? "robot_token" : caller.Principal.IsAnonymous ? "anonymous" : "password", null);
    }
}
