console.log('grammar');
