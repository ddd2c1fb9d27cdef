namespace Wharf.Server.Hosting;

/// <summary>What a slice lets go of when the server has become idle, such as buffers kept for reuse; registered as a singleton.</summary>
internal sealed record IdleRelease(Action Run);
